import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { joinStates } from "halfkey/secrets"
import { temporaryDirectory } from "../testing/test-context.ts"
import { underLock } from "./file-lock.ts"
import { fileFreshness } from "./freshness-file.ts"

const hash = "A".repeat(43)
const other = "B".repeat(43)
const floor = (version: number, epoch = 1) => ({ version, epoch, hash })
const keyset = (incarnation: number, revision: number) => ({ name: "production", incarnation, revision, hash })

test("of each floor the higher one stays", () => {
  const one = { roster: { seq: 2, hash }, keysets: { k: keyset(1, 5) }, secrets: { k: { A: floor(3), B: floor(1) } } }
  const two = {
    roster: { seq: 1, hash: other },
    keysets: { k: keyset(1, 4) },
    secrets: { k: { A: floor(2), B: floor(1, 2) }, l: { C: floor(1) } },
  }
  const merged = {
    roster: { seq: 2, hash },
    keysets: { k: keyset(1, 5) },
    secrets: { k: { A: floor(3), B: floor(1, 2) }, l: { C: floor(1) } },
  }
  assert.deepEqual(joinStates(one, two), merged)
  assert.deepEqual(joinStates(two, one), merged)
  assert.deepEqual(joinStates({}, one), one)
})

test("a new incarnation ends the versions from before it", () => {
  const before = { keysets: { k: keyset(1, 9) }, secrets: { k: { A: floor(8), B: floor(1) } } }
  const after = { keysets: { k: keyset(2, 1) }, secrets: { k: { A: floor(3) } } }
  assert.deepEqual(joinStates(before, after), after)
  assert.deepEqual(joinStates(after, before), after)
})

test("a name like __proto__ is a name like others", () => {
  const state = {
    secrets: {
      k: Object.fromEntries([
        ["__proto__", floor(2)],
        ["constructor", floor(1)],
      ]),
    },
  }
  assert.deepEqual(Object.entries(joinStates({}, state).secrets?.["k"] ?? {}), Object.entries(state.secrets.k))
})

test("many processes at once lose no floor", async (t) => {
  const directory = temporaryDirectory(t)
  // Each saves 25 floors, one after the other, as many commands at once would.
  const script = (number: number) => `
    const { fileFreshness } = await import(${JSON.stringify(new URL("./freshness-file.ts", import.meta.url).href)})
    for (let count = 0; count < 25; count++) {
      const floor = { version: 1, epoch: 1, hash: "${hash}" }
      await fileFreshness(${JSON.stringify(directory)}, "W").save({ secrets: { k: { ["S${number}_" + count]: floor } } })
    }`
  const processes = Array.from({ length: 4 }, (_, number) =>
    spawn(process.execPath, ["--input-type=module", "-e", script(number)], { stdio: "inherit" }),
  )
  const codes = await Promise.all(processes.map(async (child) => (await once(child, "exit"))[0]))
  assert.deepEqual(codes, [0, 0, 0, 0])
  const { secrets = {} } = await fileFreshness(directory, "W").load()
  assert.equal(Object.keys(secrets["k"] ?? {}).length, 4 * 25)
})

test("a damaged file is told, not forgotten", async (t) => {
  const directory = temporaryDirectory(t)
  const store = fileFreshness(directory, "W")
  await store.save({ roster: { seq: 1, hash } })
  writeFileSync(join(directory, "state", "W.json"), "{")
  await assert.rejects(store.load(), { code: "invalid_configuration" })
  await assert.rejects(store.save({}), { code: "invalid_configuration" })
})

test("a lock of a dead or stuck process is taken over", (t) => {
  const path = join(temporaryDirectory(t), "lock")
  // No process has this id: it is above the kernel's highest.
  writeFileSync(path, "4194999 dead")
  assert.equal(
    underLock(path, () => "ran"),
    "ran",
  )
  writeFileSync(path, `${process.pid} stuck`)
  utimesSync(path, new Date(0), new Date(0))
  assert.equal(
    underLock(path, () => "ran"),
    "ran",
  )
})
