import assert from "node:assert/strict"
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { fileCache } from "./file-cache.ts"
import { Secrets, unwrap } from "./secrets.ts"
import { CachedMachine } from "./testing/cached-machine.ts"
import { memoryWorkspace } from "./testing/memory-workspace.ts"

const folder = mkdtempSync(join(tmpdir(), "halfkey-cache-"))
after(() => rmSync(folder, { recursive: true, force: true }))
const text = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes)
const bytes = (content: string) => new TextEncoder().encode(content)

test("files are private, replaced whole, and removed by prefix", async () => {
  const directory = join(folder, "made", "when-needed")
  const store = fileCache(directory)
  assert.equal(await store.load("a_1"), undefined)
  await store.remove("a_")
  await store.update("a_1", (stored) => {
    assert.equal(stored, undefined)
    return bytes("one")
  })
  assert.equal(statSync(directory).mode & 0o777, 0o700)
  assert.equal(statSync(join(directory, "a_1.cache")).mode & 0o777, 0o600)
  await Promise.all([2, 3, 4].map((n) => store.update("a_1", (stored) => bytes(`${text(stored)} ${n}`))))
  assert.equal(text(await store.load("a_1")), "one 2 3 4")
  await store.update("a_1", () => undefined)
  await store.update("b_1", () => bytes("other"))
  await store.remove("a_")
  assert.deepEqual(readdirSync(directory), ["b_1.cache"])
  assert.throws(() => store.load("../b_1"), TypeError)
})

test("a link in the place of a file is replaced, not written through", async () => {
  const directory = join(folder, "links")
  const store = fileCache(directory)
  await store.update("x", () => bytes("1"))
  const elsewhere = join(folder, "elsewhere")
  writeFileSync(elsewhere, "untouched")
  rmSync(join(directory, "x.cache"))
  symlinkSync(elsewhere, join(directory, "x.cache"))
  await store.update("x", () => bytes("2"))
  assert.equal(text(await store.load("x")), "2")
  assert.equal(text(await fileCache(folder).load("none")), undefined)
  assert.equal(statSync(elsewhere).size, "untouched".length)
})

test("a program reads what another run of it has kept, and a place that is none fails nothing", async () => {
  const place = await memoryWorkspace()
  const machine = new CachedMachine(place.options)
  const store = fileCache(join(folder, "program"))
  await machine.run(async (secrets) => unwrap(await secrets.set("A", "1")))
  await machine.run(async (secrets) => unwrap(await secrets.get("A")), { store })
  assert.equal(unwrap(await machine.run((secrets) => secrets.get("A"), { store, only: true })), "1")
  const file = join(folder, "a file")
  writeFileSync(file, "")
  chmodSync(file, 0o400)
  const nowhere = new Secrets(machine.options({ store: fileCache(file) }))
  assert.equal(unwrap(await nowhere.get("A")), "1")
  await nowhere.close()
  assert.equal(machine.problems.length, 1)
})
