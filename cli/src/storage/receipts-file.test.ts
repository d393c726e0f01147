import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { appendFileSync, chmodSync, mkdirSync, readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { temporaryDirectory } from "../testing/test-context.ts"
import { fileReceipts } from "./receipts-file.ts"

const receipt = (number: number) => ({ leafHash: String(number).padStart(43, "A"), time: 1_769_817_600_000 + number })
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => receipt(from + at))

test("receipts are kept in their order, in a private file", async (t) => {
  const directory = temporaryDirectory(t)
  const store = fileReceipts(directory, "W")
  assert.deepEqual(await store.load(), [])
  await store.add(numbers(0, 2))
  await store.add(numbers(2, 3))
  assert.deepEqual(await fileReceipts(directory, "W").load(), numbers(0, 3))
  assert.deepEqual(await fileReceipts(directory, "V").load(), [])
  assert.equal(statSync(join(directory, "state")).mode & 0o777, 0o700)
  assert.equal(statSync(join(directory, "state/W.receipts")).mode & 0o777, 0o600)
})

test("only the last ones are kept", async (t) => {
  const directory = temporaryDirectory(t)
  const store = fileReceipts(directory, "W", { maxBytes: 580 })
  for (let number = 0; number < 95; number++) await store.add([receipt(number)])
  assert.deepEqual(await store.load(), numbers(80, 95))
  assert.deepEqual(readdirSync(join(directory, "state")).sort(), ["W.receipts", "W.receipts.old"])
})

test("what a crash has cut off spoils nothing but itself, and a file that others may read is refused", async (t) => {
  const directory = temporaryDirectory(t)
  const store = fileReceipts(directory, "W")
  await store.add([receipt(1)])
  const path = join(directory, "state/W.receipts")
  appendFileSync(path, "AAAA")
  await store.add([receipt(2)])
  await store.add([receipt(3)])
  assert.deepEqual(await store.load(), [receipt(1), receipt(3)])
  chmodSync(path, 0o644)
  await assert.rejects(store.load(), { code: "invalid_configuration" })
})

test("a disk that takes nothing is an error of the store, which the SDK passes over", async (t) => {
  const directory = temporaryDirectory(t)
  mkdirSync(join(directory, "state/W.receipts"), { recursive: true })
  await assert.rejects(fileReceipts(directory, "W").add([receipt(1)]))
})

test("many processes at once lose none", async (t) => {
  const directory = temporaryDirectory(t)
  const script = (number: number) => `
    const { fileReceipts } = await import(${JSON.stringify(new URL("./receipts-file.ts", import.meta.url).href)})
    const store = fileReceipts(${JSON.stringify(directory)}, "W")
    for (let count = 0; count < 100; count++) {
      const leafHash = String(${number} * 100 + count).padStart(43, "A")
      await store.add([{ leafHash, time: 1 }])
    }`
  const processes = [0, 1, 2, 3].map((number) =>
    spawn(process.execPath, ["--input-type=module", "-e", script(number)], { stdio: "inherit" }),
  )
  const codes = await Promise.all(processes.map(async (child) => (await once(child, "exit"))[0]))
  assert.deepEqual(codes, [0, 0, 0, 0])
  const found = (await fileReceipts(directory, "W").load()).map(({ leafHash }) => leafHash)
  assert.deepEqual(
    found.sort(),
    numbers(0, 400)
      .map(({ leafHash }) => leafHash)
      .sort(),
  )
})
