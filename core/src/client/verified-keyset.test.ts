import assert from "node:assert/strict"
import { test } from "node:test"
import { inspect } from "node:util"
import { manifestFormat } from "../formats/manifest.ts"
import { rosterFormat } from "../formats/roster.ts"
import { toHex } from "../primitives/bytes.ts"
import { hmacSha256 } from "../primitives/hash.ts"
import { TestWorkspace } from "../testing/workspace.ts"
import { loadKeyset } from "./load-keyset.ts"

const workspace = await TestWorkspace.create()
const made = await workspace.keyset()
const load = () =>
  loadKeyset({ identity: workspace.admin.identity, bundle: workspace.bundle(made), expected: { name: "production" } })

test("a verified key set answers from its signed manifest", async () => {
  const keyset = await load()
  assert.deepEqual(
    [keyset.workspaceId, keyset.keysetId, keyset.name],
    [workspace.root.workspaceId, made.manifest.keysetId, "production"],
  )
  assert.deepEqual(keyset.manifestHash, manifestFormat.hash(made.manifest))
  assert.deepEqual(keyset.rosterHash, rosterFormat.hash(workspace.roster))
  assert.equal(keyset.sealingEpoch, 1)
})

test("a half is given for epochs of the manifest alone", async () => {
  const keyset = await load()
  assert.deepEqual(keyset.clientHalf(1), made.clientHalf)
  const message = new Uint8Array(3)
  assert.deepEqual(hmacSha256(keyset.extractKey(1), message), hmacSha256(made.clientHalf, message))
  assert.equal(keyset.extractKey(1), keyset.extractKey(1), "prepared once")
  for (const epoch of [0, 2, -1, 1.5]) {
    const refusal = { code: "record_verification_failed", check: "epoch" }
    assert.throws(() => keyset.clientHalf(epoch), refusal)
    assert.throws(() => keyset.extractKey(epoch), refusal)
  }
})

test("a destroyed key set gives no half, and prints none before", async () => {
  const keyset = await load()
  const printed = inspect(keyset, { depth: 9, showHidden: true }) + JSON.stringify(keyset)
  const half = keyset.clientHalf(1)
  assert.ok(!printed.includes(toHex(half)) && !printed.includes([...half.subarray(0, 4)].join(", ")))
  keyset.extractKey(1)
  keyset.destroy()
  assert.deepEqual(half, new Uint8Array(32))
  assert.throws(() => keyset.clientHalf(1), /after they were destroyed/)
  assert.throws(() => keyset.extractKey(1), /after they were destroyed/)
})
