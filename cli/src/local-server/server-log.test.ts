import assert from "node:assert/strict"
import { readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Readable } from "node:stream"
import { test } from "node:test"
import { temporaryDirectory } from "../testing/test-context.ts"
import { LogFile, linesOf, listeningAddress, parseLogLine, readable } from "./server-log.ts"

test("warnings and errors are told in words, the rest is not", () => {
  const line = (level: string) => JSON.stringify({ level, time: "2026-01-01T00:00:00.000Z", msg: "the disk is full" })
  assert.equal(readable(line("info")), undefined)
  assert.equal(readable(line("constructor")), undefined)
  assert.equal(readable(line("warn")), "halfkey-server: warning: the disk is full\n")
  assert.equal(readable(line("error")), "halfkey-server: error: the disk is full\n")
  assert.equal(readable(line("fatal")), "halfkey-server: error: the disk is full\n")
})

test("start errors, which are no JSON, pass as they are", () => {
  assert.equal(readable("halfkey-server: the port 4253 is taken"), "halfkey-server: the port 4253 is taken\n")
  assert.equal(readable("{ not json"), "{ not json\n")
  assert.equal(readable(""), undefined)
  assert.equal(parseLogLine('{"msg":"no level"}'), undefined)
})

test("the address is taken from the one line about it", () => {
  const line = JSON.stringify({ level: "info", msg: "halfkey-server listening on http://127.0.0.1:4253" })
  assert.equal(listeningAddress(line), "http://127.0.0.1:4253")
  assert.equal(listeningAddress("something else"), undefined)
})

test("bytes are cut into lines, wherever they are cut into reads", async () => {
  const bytes = Buffer.from("eins\nzwei ä\n\nlast")
  const reads = Array.from(bytes, (byte) => Uint8Array.of(byte))
  const lines: string[] = []
  for await (const line of linesOf(Readable.from(reads))) lines.push(line)
  assert.deepEqual(lines, ["eins", "zwei ä", "", "last"])
})

test("the file is private and moves aside when it is large", (t) => {
  const path = join(temporaryDirectory(t), "server.log")
  const log = new LogFile(path)
  log.append("first")
  assert.equal((statSync(path).mode & 0o777).toString(8), "600")
  writeFileSync(path, "x".repeat(10 * 1024 * 1024 + 1))
  new LogFile(path).append("second")
  assert.equal(readFileSync(path, "utf8"), "second\n")
  assert.ok(readFileSync(`${path}.1`).length > 10 * 1024 * 1024)
})
