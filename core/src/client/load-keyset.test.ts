// Every check has its refusals in spec/vectors/load-keyset.json; here are the order of checks and what errors say.
import assert from "node:assert/strict"
import { test } from "node:test"
import { TestWorkspace } from "../testing/workspace.ts"
import { type KeysetBundle, loadKeyset } from "./load-keyset.ts"

const workspace = await TestWorkspace.create()
const { admin } = workspace
const made = await workspace.keyset()
const bundle = workspace.bundle(made)
const load = (changes: Partial<KeysetBundle>, expected: object = { name: "production" }, identity = admin.identity) =>
  loadKeyset({
    identity,
    bundle: { ...bundle, ...changes },
    expected: expected as { name: string },
    requireRecovery: true,
  })

test("checks run in the order of the specification: of two lies the earlier is named", async () => {
  const other = (await TestWorkspace.create(1)).root.publicKeys
  const { manifest } = made
  const tampered = { ...manifest, label: "x", versionFloor: 7 }
  const asked = { name: "staging" }
  const lies: readonly (readonly [check: string, changes: Partial<KeysetBundle>, expected?: object])[] = [
    ["root", { root: other, rosters: [], manifests: [], grants: [], recoveryGrants: [] }, asked],
    ["roster", { rosters: [], manifests: [], grants: [], recoveryGrants: [] }, asked],
    ["manifest", { manifests: [], grants: [], recoveryGrants: [] }, asked],
    ["signature", { manifests: [tampered], grants: [], recoveryGrants: [] }, asked],
    ["name", { grants: [], recoveryGrants: [] }, asked],
    ["recovery", { grants: [], recoveryGrants: [] }],
    ["grant", { grants: [] }],
  ]
  for (const [check, changes, expected] of lies) {
    await assert.rejects(load(changes, expected), { code: "keyset_verification_failed", check }, check)
  }
})

test("who is not a member is told whom to ask for what", async () => {
  const stranger = await workspace.client()
  await assert.rejects(load({}, { name: "production" }, stranger.identity), {
    code: "keyset_not_found",
    hint: `ask an admin to run: halfkey clients grant ${stranger.clientId} -e production`,
  })
})

test("a key set may be asked for by its id alone", async () => {
  const keyset = await load({}, { keysetId: made.manifest.keysetId })
  assert.deepEqual([keyset.name, keyset.mode, keyset.sealingEpoch], ["production", "read-write", 1])
})
