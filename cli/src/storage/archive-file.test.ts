import assert from "node:assert/strict"
import { appendFileSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { temporaryDirectory } from "../testing/test-context.ts"
import { fileArchive } from "./archive-file.ts"

const nothing = { rosters: [], manifests: [], records: [] }
const record = (name: string, version: number, length = 10) => ({
  keysetId: "k",
  name,
  version,
  deleted: false,
  record: "A".repeat(length),
})
const manifest = (incarnation: number, revision: number) => ({ keysetId: "k", incarnation, revision })

test("what was added is loaded, in order, from a private file", async (t) => {
  const directory = temporaryDirectory(t)
  const archive = fileArchive(directory, "W")
  assert.deepEqual(await archive.load(), nothing)
  await archive.add({ rosters: [{ seq: 1 }], manifests: [manifest(1, 1)], records: [record("A", 1)] })
  await archive.add({ ...nothing, records: [record("A", 2)] })
  assert.deepEqual(await archive.load(), {
    rosters: [{ seq: 1 }],
    manifests: [manifest(1, 1)],
    records: [record("A", 1), record("A", 2)],
  })
  assert.equal(statSync(join(directory, "state", "W.archive")).mode & 0o777, 0o600)
})

test("what a crash has cut off spoils nothing but itself", async (t) => {
  const directory = temporaryDirectory(t)
  const archive = fileArchive(directory, "W")
  await archive.add({ ...nothing, records: [record("A", 1)] })
  appendFileSync(join(directory, "state", "W.archive"), '{"record":{"keysetId":"k","na')
  await archive.add({ ...nothing, records: [record("B", 1)] })
  assert.deepEqual((await archive.load()).records, [record("A", 1), record("B", 1)])
  writeFileSync(join(directory, "state", "W.archive"), "not JSON\n1\nnull\n")
  assert.deepEqual(await archive.load(), nothing)
})

test("a file that grew too large keeps all rosters, the newest manifest and the newest records", async (t) => {
  const directory = temporaryDirectory(t)
  const archive = fileArchive(directory, "W", { maxBytes: 4000 })
  await archive.add({
    rosters: [{ seq: 1 }, { seq: 2 }],
    // Another process may have been faster: the order is not that of the revisions.
    manifests: [manifest(1, 1), manifest(2, 3), manifest(1, 9)],
    records: [record("A", 2, 500), record("A", 1, 500), record("B", 1, 500), record("C", 1, 500)],
  })
  await archive.add({ ...nothing, records: [record("D", 1, 500), record("E", 1, 900), record("F", 1, 10)] })
  const { manifests, records, rosters } = await archive.load()
  assert.deepEqual(rosters, [{ seq: 1 }, { seq: 2 }])
  assert.deepEqual(manifests, [manifest(2, 3)])
  assert.ok(readFileSync(join(directory, "state", "W.archive")).length < 4000)
  const names = records.map(({ name }) => name)
  assert.ok(names.includes("F") && names.includes("E") && !names.includes("B"), names.join())
})
