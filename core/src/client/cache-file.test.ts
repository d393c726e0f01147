import assert from "node:assert/strict"
import { test } from "node:test"
import { toHex, utf8 } from "../primitives/bytes.ts"
import { foreseeable, TestWorkspace } from "../testing/workspace.ts"
import { openCache, sealCache } from "./cache-file.ts"
import { ClientIdentity } from "./client-identity.ts"

const { root, admin } = await TestWorkspace.create()
const { identity } = admin
const place = { endpoint: "https://halfkey.example", environment: "production" }
const contents = utf8('{"entries":["DATABASE_URL"]}')
const file = sealCache(place, contents, identity, foreseeable(1))

test("what was sealed opens in its place, and shows nothing", () => {
  assert.deepEqual(openCache(place, file, identity), contents)
  assert.equal(file.length, contents.length + 32)
  assert.ok(!toHex(file).includes(toHex(utf8("DATABASE"))))
  assert.deepEqual(openCache(place, sealCache(place, new Uint8Array(0), identity, foreseeable(2)), identity)?.length, 0)
})

test("each bit counts, and each byte that is missing or too much", () => {
  for (let at = 0; at < file.length; at++) {
    for (const bit of [1, 128]) {
      const changed = file.slice()
      changed[at] = (changed[at] ?? 0) ^ bit
      assert.equal(openCache(place, changed, identity), undefined, `byte ${at}`)
    }
    assert.equal(openCache(place, file.subarray(0, at), identity), undefined, `the first ${at} bytes`)
    assert.equal(openCache(place, file.subarray(at + 1), identity), undefined, `without ${at + 1} bytes`)
  }
  assert.equal(openCache(place, new Uint8Array([...file, 0]), identity), undefined)
})

test("no other endpoint, environment, client or workspace opens it", async () => {
  for (const other of [
    { ...place, endpoint: "https://halfkey.example:8443" },
    { ...place, environment: "staging" },
    { endpoint: place.environment, environment: place.endpoint },
  ]) {
    assert.equal(openCache(other, file, identity), undefined)
  }
  const stranger = await ClientIdentity.create(root.workspaceId, foreseeable(9))
  assert.equal(openCache(place, file, stranger), undefined)
  const elsewhere = (await TestWorkspace.create(1)).root.workspaceId
  const sameKey = identity.clientKeyText()
  for (const [workspaceId, clientId] of [
    [elsewhere, admin.clientId],
    [root.workspaceId, stranger.clientId],
  ] as const) {
    assert.equal(openCache(place, file, ClientIdentity.fromConfiguration(workspaceId, clientId, sameKey)), undefined)
  }
})
