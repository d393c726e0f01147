import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { keyFingerprint } from "@halfkey/core/formats/key-fingerprint"
import { signingKeyFromSeed } from "@halfkey/core/primitives/ed25519"
import { systemRandom } from "@halfkey/core/primitives/random"
import { Admin } from "./admin.ts"
import { unwrap } from "./secrets.ts"
import { type MemoryWorkspace, memoryWorkspace, optionsOf } from "./testing/memory-workspace.ts"

let place: MemoryWorkspace
let admin: Admin
let earlier: string

beforeEach(async () => {
  place = await memoryWorkspace(["production"])
  admin = new Admin(place.options)
  earlier = keyFingerprint(place.server.auditKey)
})

/** The operator's part: the server has a new checkpoint key. */
function rotateAtServer(): string {
  place.server.auditKey = signingKeyFromSeed(systemRandom(32)).publicKey
  return keyFingerprint(place.server.auditKey)
}

test("a granter sees both keys, and signs a roster that names the new one and is otherwise the same", async () => {
  assert.deepEqual(unwrap(await admin.auditKey.compare()), { current: earlier, offered: earlier })
  const later = rotateAtServer()
  assert.deepEqual(unwrap(await admin.auditKey.compare()), { current: earlier, offered: later })
  // As somebody types it who read it from paper.
  const typed = later.toUpperCase().replaceAll(" ", "-")
  assert.deepEqual(unwrap(await admin.auditKey.update(typed)), { changed: true, fingerprint: later })
  const [first, second] = place.server.rosters
  assert.deepEqual(second?.granters, first?.granters)
  assert.deepEqual(second?.auditKey, place.server.auditKey)
  assert.deepEqual(unwrap(await admin.auditKey.update(later)), { changed: false, fingerprint: later })
  assert.equal(place.server.rosters.length, 2)
  // What granters signed under the first roster is good under the second.
  assert.equal(unwrap(await admin.grants.list()).length, 1)
})

test("no other key is signed than the one that was asked for", async () => {
  const wanted = rotateAtServer()
  const other = rotateAtServer()
  const { failure } = await admin.auditKey.update(wanted)
  assert.equal(failure?.code, "invalid_argument")
  assert.equal(failure?.message, `the server signs with the audit key ${other}, not with ${wanted}`)
  for (const text of ["", "6668", `${wanted} 0000`, "x".repeat(32)]) {
    assert.equal((await admin.auditKey.update(text)).failure?.code, "invalid_argument", text)
  }
  assert.equal(place.server.rosters.length, 1)
})

test("only a granter updates it", async () => {
  const environments = [{ name: "production" }]
  const created = unwrap(await admin.clients.create({ label: "x", environments, apiKey: { role: "admin" } }))
  const later = rotateAtServer()
  const other = new Admin(optionsOf(place.server, created.credentials))
  assert.equal((await other.auditKey.update(later)).failure?.code, "not_a_granter")
  assert.equal(unwrap(await other.auditKey.compare()).offered, later)
  assert.equal(place.server.rosters.length, 1)
})
