import assert from "node:assert/strict"
import { test } from "node:test"
import * as core from "@halfkey/core/client/client-half"
import { ClientIdentity } from "@halfkey/core/client/client-identity"
import { WorkspaceRoot } from "@halfkey/core/client/workspace-root"
import { type Grant, grantInfo, recoveryHash, selfWrapAad } from "@halfkey/core/formats/grant"
import { type ClientId, type KeysetId, uuidBytes, type WorkspaceId } from "@halfkey/core/formats/ids"
import { clientHalfCommitment } from "@halfkey/core/formats/manifest"
import * as spec from "./independent.ts"
import { type Turn, turned, vectors } from "./vector-file.ts"

interface Place {
  workspaceId: WorkspaceId
  keysetId: KeysetId
  epoch: number
  clientId: ClientId
}

interface Refused {
  places: { change: Partial<Place> }[]
  clientKeys: string[]
}

const file = vectors<{
  place: Place
  clientKey: string
  recoveryKit: string
  half: string
  commitment: string
  grant: { info: string; enc: string; sealedHalf: string; refused: Refused & { enc: Turn[]; sealedHalf: Turn[] } }
  recoveryGrant: { info: string; enc: string; sealedHalf: string; recoveryHash: string }
  selfWrap: { nonce: string; aad: string; selfWrap: string; refused: Refused & { selfWrap: Turn[] } }
}>("grant.json")

const { place } = file
const half = spec.unhex(file.half)
const identityOf = ({ workspaceId, clientId }: Place, clientKey = file.clientKey) =>
  ClientIdentity.fromConfiguration(workspaceId, clientId, clientKey)
const keyOf = (text: string) => spec.unbase64url(text.slice(5)).slice(0, 32)
const seedFields = ({ workspaceId, keysetId, epoch }: Place) => [workspaceId, spec.uuid(keysetId), epoch] as const

function grant(sealed: { enc?: Uint8Array; sealedHalf?: Uint8Array } = {}): Grant {
  const { enc, sealedHalf } = file.grant
  const { keysetId, epoch, clientId } = place
  const whole = { enc: spec.unhex(enc), sealedHalf: spec.unhex(sealedHalf), ...sealed }
  return { keysetId, epoch, clientId, ...whole, selfWrap: undefined }
}

test("the commitment to a half is that of the vectors, also when computed from the specification", async () => {
  const { workspaceId, keysetId, epoch } = place
  assert.equal(spec.hex(clientHalfCommitment(workspaceId, uuidBytes(keysetId), epoch, half)), file.commitment)
  assert.equal(spec.hex(await spec.sha256(spec.pae("half", ...seedFields(place), half))), file.commitment)
})

test("a grant opens for its client, also by the specification", async () => {
  const { workspaceId, keysetId, epoch, clientId } = place
  assert.equal(spec.hex(grantInfo(workspaceId, keysetId, epoch, clientId)), file.grant.info)
  const info = spec.pae("grant", ...seedFields(place), spec.uuid(clientId))
  assert.equal(spec.hex(info), file.grant.info)
  const { enc, sealedHalf } = grant()
  const kemKey = await spec.derive(keyOf(file.clientKey), "client/kem")
  assert.equal(spec.hex(await spec.hpkeOpen(kemKey, info, enc, sealedHalf)), file.half)
  assert.deepEqual(await core.openGrant(place, grant(), identityOf(place)), half)
})

test("a grant does not open when a byte, its place or its client is another", async () => {
  const { refused } = file.grant
  for (const turn of refused.enc) {
    const opened = await core.openGrant(place, grant({ enc: turned(grant().enc, turn) }), identityOf(place))
    assert.equal(opened, undefined, `enc at ${turn.at}`)
  }
  for (const turn of refused.sealedHalf) {
    const sealedHalf = turned(grant().sealedHalf, turn)
    assert.equal(await core.openGrant(place, grant({ sealedHalf }), identityOf(place)), undefined)
  }
  for (const { change } of refused.places) {
    const other = { ...place, ...change }
    assert.equal(await core.openGrant(other, grant(), identityOf(other)), undefined, JSON.stringify(change))
  }
  for (const key of refused.clientKeys) {
    assert.equal(await core.openGrant(place, grant(), identityOf(place, key)), undefined)
  }
  for (const enc of [new Uint8Array(0), grant().enc.slice(1), spec.join(grant().enc, Uint8Array.of(0))]) {
    assert.equal(await core.openGrant(place, grant({ enc }), identityOf(place)), undefined)
  }
})

test("a recovery grant opens with the recovery kit, and has the hash of the vectors", async () => {
  const { workspaceId, keysetId, epoch } = place
  const { info, enc, sealedHalf, recoveryHash: hash } = file.recoveryGrant
  assert.equal(spec.hex(grantInfo(workspaceId, keysetId, epoch, "root")), info)
  assert.equal(spec.hex(spec.pae("grant", ...seedFields(place), new Uint8Array(16))), info)
  const sealed = { enc: spec.unhex(enc), sealedHalf: spec.unhex(sealedHalf) }
  assert.equal(spec.hex(recoveryHash(sealed)), hash)
  assert.equal(spec.hex(await spec.sha256(spec.join(sealed.enc, sealed.sealedHalf))), hash)
  const root = await WorkspaceRoot.fromRecoveryKit(file.recoveryKit)
  assert.equal(root.workspaceId, workspaceId)
  assert.deepEqual(await core.openRecoveryGrant(place, { keysetId, epoch, ...sealed }, root), half)
  const elsewhere = { workspaceId, keysetId, epoch: epoch + 1 }
  assert.equal(await core.openRecoveryGrant(elsewhere, { keysetId, epoch, ...sealed }, root), undefined)
  const kemKey = await spec.derive(keyOf(file.recoveryKit), "workspace/kem")
  assert.equal(spec.hex(await spec.hpkeOpen(kemKey, spec.unhex(info), sealed.enc, sealed.sealedHalf)), file.half)
})

test("a self-wrap is sealed and opened as in the vectors, also by the specification", async () => {
  const { nonce, aad, selfWrap } = file.selfWrap
  const { workspaceId, keysetId, epoch, clientId } = place
  const wrapped = core.sealSelfWrap(place, half, identityOf(place), () => spec.unhex(nonce))
  assert.equal(spec.hex(wrapped), selfWrap)
  assert.deepEqual(core.openSelfWrap(place, wrapped, identityOf(place)), half)
  assert.equal(spec.hex(selfWrapAad(workspaceId, keysetId, epoch, clientId)), aad)
  const key = await spec.derive(keyOf(file.clientKey), "client/self-wrap")
  const sealed = await spec.seal(
    key,
    spec.unhex(nonce),
    spec.pae("self-wrap", ...seedFields(place), spec.uuid(clientId)),
    half,
  )
  assert.equal(nonce + spec.hex(sealed), selfWrap)
})

test("a self-wrap does not open when a byte, its length, its place or its client is another", () => {
  const { selfWrap, refused } = file.selfWrap
  const bytes = spec.unhex(selfWrap)
  for (const turn of refused.selfWrap) {
    assert.equal(core.openSelfWrap(place, turned(bytes, turn), identityOf(place)), undefined, `at ${turn.at}`)
  }
  for (const { change } of refused.places) {
    const other = { ...place, ...change }
    assert.equal(core.openSelfWrap(other, bytes, identityOf(other)), undefined, JSON.stringify(change))
  }
  for (const key of refused.clientKeys) assert.equal(core.openSelfWrap(place, bytes, identityOf(place, key)), undefined)
  for (const other of [bytes.slice(1), bytes.slice(0, 12), new Uint8Array(0), spec.join(bytes, Uint8Array.of(0))]) {
    assert.equal(core.openSelfWrap(place, other, identityOf(place)), undefined)
  }
})

test("what core seals opens by the specification", async () => {
  const kemKey = await spec.derive(keyOf(file.clientKey), "client/kem")
  const member = { clientId: place.clientId, kemPk: spec.kemPublicKey(kemKey) }
  const { enc, sealedHalf } = await core.sealGrant(place, member, half)
  assert.equal(spec.hex(await spec.hpkeOpen(kemKey, spec.unhex(file.grant.info), enc, sealedHalf)), file.half)
})
