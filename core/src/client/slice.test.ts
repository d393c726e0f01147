import assert from "node:assert/strict"
import { test } from "node:test"
import { type Grant, grantToJson, parseGrant } from "../formats/grant.ts"
import { manifestFormat } from "../formats/manifest.ts"
import { rosterFormat } from "../formats/roster.ts"
import { newAuthorityKey, SeedMaker } from "../key-service/authority-key.ts"
import { signingKeyFromSeed } from "../primitives/ed25519.ts"
import { systemRandom } from "../primitives/random.ts"
import { sealSelfWrap } from "./client-half.ts"
import { ClientIdentity } from "./client-identity.ts"
import { loadKeyset } from "./load-keyset.ts"
import { addMember, firstRoster, newKeyset } from "./membership.ts"
import { openRecord, sealRecord } from "./record-crypto.ts"
import { WorkspaceRoot } from "./workspace-root.ts"

test("a workspace, a key set, a record and a second member, from nothing", async () => {
  const now = 1_700_000_000_000
  const root = await WorkspaceRoot.create(systemRandom)
  const admin = await ClientIdentity.create(root.workspaceId, systemRandom)
  const keys = await admin.publicKeys()
  const auditKey = signingKeyFromSeed(systemRandom(32)).publicKey
  const roster = firstRoster(root.workspaceId, [{ ...keys, label: "admin" }], auditKey, {
    signerId: root.workspaceId,
    signingKey: root.signingKey,
    now,
  })
  const signer = { signerId: admin.clientId, signingKey: admin.signingKey, now }
  const member = { ...keys, mode: "read-write" as const, label: "admin" }
  const made = await newKeyset(
    { root: root.publicKeys, roster, kind: "environment", name: "production", members: [member] },
    signer,
    systemRandom,
  )
  const bundle = {
    root: root.publicKeys,
    rosters: [rosterFormat.parse(JSON.parse(JSON.stringify(rosterFormat.toJson(roster))))],
    manifests: [manifestFormat.parse(JSON.parse(JSON.stringify(manifestFormat.toJson(made.manifest))))],
    grants: made.grants.map((grant) => parseGrant(JSON.parse(JSON.stringify(grantToJson(grant))))),
    recoveryGrants: made.recoveryGrants,
  }
  const keyset = await loadKeyset({ identity: admin, bundle, expected: { name: "production" }, requireRecovery: true })
  assert.deepEqual(keyset.epochsWithoutSelfWrap, [1])
  const place = { workspaceId: root.workspaceId, keysetId: keyset.keysetId, epoch: 1 }
  const wrapped = {
    ...(made.grants[0] as Grant),
    selfWrap: sealSelfWrap(place, keyset.clientHalf(1), admin, systemRandom),
  }
  const again = await loadKeyset({
    identity: admin,
    bundle: { ...bundle, grants: [wrapped] },
    expected: { name: "production" },
  })
  assert.deepEqual(again.epochsWithoutSelfWrap, [])

  const seeds = new SeedMaker(newAuthorityKey(systemRandom), root.workspaceId, keyset.keysetId, 1)
  const keyId = systemRandom(16)
  const context = {
    purpose: "secret",
    workspaceId: root.workspaceId,
    keysetId: keyset.keysetId,
    name: "A",
    version: 1,
  } as const
  const plaintext = new TextEncoder().encode("hello")
  const record = sealRecord({
    context,
    clientHalf: keyset.extractKey(1),
    keySeed: seeds.seed(keyId),
    epoch: 1,
    keyId,
    plaintext,
    random32: systemRandom(32),
  })
  const halves = { clientHalf: again.extractKey(1), keySeed: seeds.seed(keyId) }
  assert.deepEqual(Buffer.from(openRecord(record, context, halves)), Buffer.from(plaintext))
  assert.throws(() => openRecord(record, { ...context, version: 2 }, halves), { check: "commit" })

  const second = await ClientIdentity.create(root.workspaceId, systemRandom)
  const change = await addMember(keyset, { ...(await second.publicKeys()), mode: "read", label: "ci" }, signer)
  const loaded = await loadKeyset({
    identity: second,
    bundle: { ...bundle, manifests: [...bundle.manifests, change.manifest], grants: change.grants },
    expected: { name: "production" },
  })
  assert.equal(loaded.manifest.revision, 2)
  assert.equal(loaded.mode, "read")
})
