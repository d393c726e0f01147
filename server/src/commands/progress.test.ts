import assert from "node:assert/strict"
import { Writable } from "node:stream"
import { test } from "node:test"
import { progressOf } from "./progress.ts"

/** What is written to a stream that is a terminal, or is none. */
function screen(isTTY: boolean): { to: NodeJS.WriteStream; said: () => string } {
  let said = ""
  const stream = new Writable({
    write(chunk, _encoding, done) {
      said += chunk
      done()
    },
  })
  return { to: Object.assign(stream, { isTTY }) as unknown as NodeJS.WriteStream, said: () => said }
}

test("on a terminal a line is written over and taken away, elsewhere nothing is said", () => {
  const terminal = screen(true)
  const show = progressOf("backup", terminal.to)
  show(1024 * 1024, 3 * 1024 * 1024)
  // Not again so soon.
  show(2 * 1024 * 1024, 3 * 1024 * 1024)
  show(3 * 1024 * 1024, 3 * 1024 * 1024)
  assert.equal(terminal.said(), "\r\x1b[Khalfkey-server: backup: 1.0 MiB of 3.0 MiB\r\x1b[K")
  const pipe = screen(false)
  progressOf("backup", pipe.to)(1, 2)
  assert.equal(pipe.said(), "")
})
