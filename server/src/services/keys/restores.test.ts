import assert from "node:assert/strict"
import { after, test } from "node:test"
import { newKeyset } from "@halfkey/core/client/membership"
import { type Manifest, manifestFormat } from "@halfkey/core/formats/manifest"
import { systemRandom } from "@halfkey/core/primitives/random"
import Database from "better-sqlite3"
import { TestServer } from "../../testing/test-server.ts"
import { changeToWire, TestWorkspace } from "../../testing/test-workspace.ts"

const server = await TestServer.start({ after })
const workspace = await TestWorkspace.create(server)
const { admin } = workspace

/** The next manifest of an environment, with these changes. */
async function next(name: string, changes: Partial<Manifest>, signer = workspace.signer) {
  const keyset = await admin.keyset(name)
  const { signature: _, ...fields } = keyset.manifest
  const { signerId, signingKey } = signer
  const link = { revision: fields.revision + 1, previousHash: keyset.manifestHash, signerId }
  return {
    manifest: manifestFormat.toJson(manifestFormat.sign({ ...fields, ...link, ...changes }, signingKey)),
    grants: [],
  }
}

async function put(name: string, body: object, by = admin) {
  const answer = await by.call("PUT", `/v1/keysets/${name}`, body)
  return [answer.status, answer.body.check ?? answer.body.code]
}

function auditIncarnation() {
  const database = new Database(server.databasePath, { readonly: true })
  try {
    return database.prepare("select audit_incarnation from workspaces").pluck().get()
  } finally {
    database.close()
  }
}

test("a granter's client raises the incarnation, and nobody else", async () => {
  const raised = { incarnation: 3, versionFloor: 50 }
  // The signature is good: but a control key without a client must not be the one to make everybody forget.
  const control = await workspace.withApiKey(undefined, { role: "control" })
  assert.deepEqual(await put("production", await next("production", raised), control), [403, "client_required"])
  const outsider = await workspace.createClient({ production: "read-write" }, { role: "admin" })
  const { clientId: signerId, signingKey } = outsider.identity
  const byMember = await next("production", raised, { signerId, signingKey, now: Date.now() })
  assert.deepEqual(await put("production", byMember, outsider), [422, "signer"])
  assert.equal(auditIncarnation(), 1)
  assert.deepEqual(await put("production", await next("production", raised)), [200, undefined])
})

test("it is never lowered, nor is the version floor; versions go on above that", async () => {
  assert.deepEqual(await put("production", await next("production", { incarnation: 2 })), [422, "manifest"])
  assert.deepEqual(await put("production", await next("production", { versionFloor: 49 })), [422, "manifest"])
  await admin.set("production", { AFTER: "x" })
  const { versions } = await admin.expect("GET", "/v1/secrets/AFTER/versions?environment=production")
  assert.equal(versions[0].version, 51)
})

test("the audit log gets another origin with the first manifest of a restore, and no other with the next", async () => {
  assert.equal(auditIncarnation(), 3)
  assert.deepEqual(await put("staging", await next("staging", { incarnation: 2 })), [200, undefined])
  assert.equal(auditIncarnation(), 3)
  assert.deepEqual(await put("staging", await next("staging", { incarnation: 4 })), [200, undefined])
  assert.equal(auditIncarnation(), 4)
})

test("nor does a token without a client raise it by a key set that is new", async () => {
  const { roster } = await admin.keyset("production")
  const members = [{ ...(await admin.identity.publicKeys()), mode: "read-write" as const, label: "admin" }]
  const root = workspace.draft.root.publicKeys
  const input = { root, roster, kind: "environment" as const, name: "made-again", members }
  const made = await newKeyset(input, workspace.signer, systemRandom)
  const { signature: _, ...fields } = made.manifest
  const manifest = manifestFormat.sign({ ...fields, incarnation: 9 }, workspace.signer.signingKey)
  const body = changeToWire({ ...made, manifest })
  const control = await workspace.withApiKey(undefined, { role: "control" })
  const refused = await control.call("POST", "/v1/keysets", body)
  assert.deepEqual([refused.status, refused.body.code], [403, "client_required"])
  assert.equal(auditIncarnation(), 4)
  assert.equal((await admin.call("POST", "/v1/keysets", body)).status, 201)
  assert.equal(auditIncarnation(), 9)
})
