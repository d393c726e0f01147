import assert from "node:assert/strict"
import { test } from "node:test"
import { signClientAssertion } from "@halfkey/core/client/client-assertion"
import { ClientIdentity } from "@halfkey/core/client/client-identity"
import { parseCrn } from "@halfkey/core/formats/crn"
import type { ClientId, KeysetId, WorkspaceId } from "@halfkey/core/formats/ids"
import { SeedMaker } from "@halfkey/core/key-service/authority-key"
import { BackupChunks, backupChunkLengths, parseBackupHeader } from "@halfkey/core/key-service/backup"
import { RootKey, type WrapContext } from "@halfkey/core/key-service/root-key"
import * as spec from "./independent.ts"
import { type Turn, turned, vectors } from "./vector-file.ts"

test("key seeds are those of the vectors, also when computed from the specification", async () => {
  const { authorityKey, cases } = vectors<{
    authorityKey: string
    cases: { workspaceId: WorkspaceId; keysetId: KeysetId; epoch: number; keyId: string; keySeed: string }[]
  }>("key-seed.json")
  const key = spec.unhex(authorityKey)
  for (const { workspaceId, keysetId, epoch, keyId, keySeed } of cases) {
    const id = spec.unhex(keyId)
    assert.equal(spec.hex(new SeedMaker(key, workspaceId, keysetId, epoch).seed(id)), keySeed)
    assert.equal(spec.hex(await spec.hmac(key, spec.pae("seed", workspaceId, spec.uuid(keysetId), epoch, id))), keySeed)
  }
  assert.equal(new Set(cases.map(({ keySeed }) => keySeed)).size, cases.length)
})

interface RootKeyVectors {
  key: string
  rootKeyId: string
  nonce: string
  cases: { context: WrapContext; secret: string; wrapped: string }[]
  refused: { bytes: Turn[]; contexts: { change: Partial<WrapContext> }[]; rootKeys: string[]; wrapped: string[] }
}

const rootKeyFile = vectors<RootKeyVectors>("root-key.json")

test("a root key has the id of the vectors and wraps as in them, also by the specification", async () => {
  const rootKey = new RootKey(spec.unhex(rootKeyFile.key))
  const key = spec.unhex(rootKeyFile.key)
  const nonce = spec.unhex(rootKeyFile.nonce)
  assert.equal(spec.hex(rootKey.id), rootKeyFile.rootKeyId)
  assert.equal(rootKey.fingerprint, rootKeyFile.rootKeyId)
  assert.equal(spec.hex(await spec.sha256(spec.pae("root-key/id", key))).slice(0, 16), rootKeyFile.rootKeyId)
  for (const { context, secret, wrapped } of rootKeyFile.cases) {
    assert.equal(spec.hex(rootKey.wrap(context, spec.unhex(secret), () => nonce)), wrapped)
    assert.equal(spec.hex(rootKey.unwrap(context, spec.unhex(wrapped))), secret)
    const { kind, workspaceId, keysetId, epoch } = context
    const place = [kind, workspaceId ?? null, keysetId ? spec.uuid(keysetId) : null, epoch ?? null]
    const aad = spec.pae("wrap", rootKey.id, ...place)
    assert.equal(spec.hex(spec.join(nonce, await spec.seal(key, nonce, aad, spec.unhex(secret)))), wrapped)
  }
})

test("what was wrapped does not open changed, elsewhere or by another root key, and the error names both", () => {
  const { key, cases, refused } = rootKeyFile
  const [{ context, wrapped }] = cases as [RootKeyVectors["cases"][number]]
  const rootKey = new RootKey(spec.unhex(key))
  const damaged = { code: "database_damaged" }
  for (const turn of refused.bytes) {
    assert.throws(() => rootKey.unwrap(context, turned(spec.unhex(wrapped), turn)), damaged, `at ${turn.at}`)
  }
  for (const { change } of refused.contexts) {
    assert.throws(() => rootKey.unwrap({ ...context, ...change }, spec.unhex(wrapped)), damaged)
  }
  for (const other of refused.wrapped) assert.throws(() => rootKey.unwrap(context, spec.unhex(other)), damaged)
  for (const other of refused.rootKeys) {
    const message = /authority-key does not open with root key [0-9a-f]{16}$/
    assert.throws(() => new RootKey(spec.unhex(other)).unwrap(context, spec.unhex(wrapped)), { ...damaged, message })
  }
})

interface BackupVectors {
  rootKey: string
  header: string
  fileKey: string
  cases: { plaintext: string; file: string }[]
  refused: Turn[]
}

/** What a reader does with a whole file; `undefined` when a chunk does not open. */
function readBackup(rootKey: RootKey, file: Uint8Array): Uint8Array | undefined {
  const { header, bytes } = parseBackupHeader(file)
  const body = file.subarray(bytes.length, -32)
  const { count } = backupChunkLengths(body.length, header.chunkLength)
  const chunks = new BackupChunks(rootKey, bytes)
  const opened = Array.from({ length: count }, (_, place) => {
    const from = place * (header.chunkLength + 16)
    return chunks.open(body.subarray(from, from + header.chunkLength + 16), place === count - 1)
  })
  return opened.some((each) => each === undefined) ? undefined : spec.join(...(opened as Uint8Array[]))
}

test("backup files are those of the vectors, also by the specification, and open only unchanged", async () => {
  const { rootKey: key, header, fileKey, cases, refused } = vectors<BackupVectors>("backup.json")
  const rootKey = new RootKey(spec.unhex(key))
  const headerBytes = spec.ascii(header)
  const none = new Uint8Array(0)
  assert.equal(spec.hex(await spec.hkdf(none, spec.unhex(key), spec.pae("backup", headerBytes), 32)), fileKey)
  const { chunkLength } = JSON.parse(header.slice("halfkey-backup 1 ".length)) as { chunkLength: number }
  for (const { plaintext, file } of cases) {
    assert.deepEqual(readBackup(rootKey, spec.unhex(file)), spec.unhex(plaintext))
    const count = Math.max(1, Math.ceil(plaintext.length / 2 / chunkLength))
    const sealed = await Promise.all(
      Array.from({ length: count }, (_, place) => {
        const chunk = spec.unhex(plaintext).slice(place * chunkLength, (place + 1) * chunkLength)
        const nonce = spec.join(spec.le64(place), Uint8Array.of(place === count - 1 ? 1 : 0, 0, 0, 0))
        return spec.seal(spec.unhex(fileKey), nonce, none, chunk)
      }),
    )
    const before = spec.join(headerBytes, ...sealed)
    assert.equal(spec.hex(spec.join(before, await spec.sha256(before))), file)
  }
  const last = spec.unhex(cases.at(-1)?.file ?? "")
  assert.ok(refused.length > 0)
  for (const turn of refused) {
    const changed = turned(last, turn)
    let opened: Uint8Array | undefined
    try {
      opened = readBackup(rootKey, changed)
    } catch (error) {
      assert.equal((error as { code?: string }).code, "backup_damaged")
    }
    assert.equal(opened, undefined, `at ${turn.at}`)
  }
})

test("the client assertion is that of the vectors, and its signature is the client's", async () => {
  const file = vectors<{
    clientKey: string
    clientId: ClientId
    signPk: string
    crn: string
    now: number
    random: string
    assertion: string
  }>("client-assertion.json")
  const identity = ClientIdentity.fromConfiguration(parseCrn(file.crn).workspaceId, file.clientId, file.clientKey)
  const random = () => spec.unhex(file.random)
  assert.equal(signClientAssertion(identity, file.crn, file.now, random), file.assertion)
  const [header = "", claims = "", signature = ""] = file.assertion.split(".")
  const json = (part: string): unknown => JSON.parse(new TextDecoder().decode(spec.unbase64url(part)))
  assert.deepEqual(json(header), { alg: "Ed25519", typ: "client-authentication+jwt" })
  const iat = file.now / 1000
  const jti = spec.base64url(spec.unhex(file.random))
  assert.deepEqual(json(claims), { iss: file.clientId, sub: file.clientId, aud: file.crn, jti, iat, exp: iat + 60 })
  const signed = spec.ascii(`${header}.${claims}`)
  assert.ok(spec.verify(spec.unhex(file.signPk), signed, spec.unbase64url(signature)))
  const key = spec.unbase64url(file.clientKey.slice(5)).slice(0, 32)
  assert.equal(spec.base64url(spec.sign(await spec.derive(key, "client/sign"), signed)), signature)
})
