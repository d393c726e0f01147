import assert from "node:assert/strict"
import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { temporaryDirectory } from "../testing/test-context.ts"
import { ExportFile, exportLine, readExport, readExports } from "./export-file.ts"

const entries = (from: number, to: number, length = 10) =>
  Array.from({ length: to - from }, (_, at) => ({ index: from + at, entry: `{"é":"${"x".repeat(length)}"}` }))

function added(path: string, more: ReturnType<typeof entries>): number | undefined {
  const file = new ExportFile(path)
  file.add(more)
  file.close()
  return file.last
}

test("a file grows from run to run, and is read back", (t) => {
  const path = join(temporaryDirectory(t), "log.jsonl")
  assert.equal(added(path, entries(0, 3)), undefined)
  assert.equal(added(path, entries(3, 5)), 2)
  assert.equal(added(path, []), 4)
  assert.deepEqual([...readExport(path)], entries(0, 5))
  assert.deepEqual([...readExports([path, path])], [...entries(0, 5), ...entries(0, 5)])
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.equal(readFileSync(path, "utf8").split("\n")[0], exportLine(entries(0, 1)[0] as never).trim())
})

test("a file gets no gap where entries went into an archive meanwhile; an empty one may begin behind them", (t) => {
  const path = join(temporaryDirectory(t), "log.jsonl")
  added(path, entries(512, 514))
  assert.equal(added(path, entries(514, 515)), 513)
  const whole = readFileSync(path, "utf8")
  assert.throws(() => added(path, entries(768, 770)), {
    message: `${path} ends with entry 514, and the log of the server goes on with entry 768: nothing was added`,
  })
  assert.equal(readFileSync(path, "utf8"), whole)
})

test("a line that was cut off is written again, wherever the cut was", (t) => {
  const path = join(temporaryDirectory(t), "log.jsonl")
  const whole = entries(0, 3).map(exportLine).join("")
  for (let length = 0; length <= Buffer.byteLength(whole); length++) {
    writeFileSync(path, whole)
    truncateSync(path, length)
    const file = new ExportFile(path)
    file.add(entries((file.last ?? -1) + 1, 3))
    file.close()
    assert.equal(readFileSync(path, "utf8"), whole, `after ${length} bytes`)
  }
})

test("lines longer than what is read at once are lines like others", (t) => {
  const path = join(temporaryDirectory(t), "log.jsonl")
  const long = entries(0, 3, 1_500_000)
  added(path, long)
  assert.equal(added(path, []), 2)
  assert.deepEqual([...readExport(path)], long)
  appendFileSync(path, "x".repeat(2_500_000))
  assert.equal(added(path, []), 2)
})

test("a file of something else is refused, and stays as it is", (t) => {
  const path = join(temporaryDirectory(t), "notes.txt")
  for (const text of [
    "my notes\n",
    "{}\n",
    '{"index":1}\n',
    '{"index":-0.5,"entry":""}\n',
    '{"index":1,"entry":2}\nx',
    "null\n",
  ]) {
    writeFileSync(path, text)
    assert.throws(() => new ExportFile(path), /is no export of an audit log: its last line is no entry/, text)
    assert.throws(() => [...readExport(path)], /line 1 is no entry/)
    assert.equal(readFileSync(path, "utf8"), text)
  }
  // Without a line end none of it is an entry either: but it is no entry that was cut off.
  for (const text of ["my only line, without an end", '{"entry":""}']) {
    writeFileSync(path, text)
    assert.throws(() => new ExportFile(path), /is no export of an audit log/, text)
    assert.equal(readFileSync(path, "utf8"), text)
  }
  assert.throws(() => new ExportFile(join(path, "below")), { code: "invalid_argument" })
  assert.throws(() => [...readExport(`${path}.missing`)], { code: "invalid_argument" })
})
