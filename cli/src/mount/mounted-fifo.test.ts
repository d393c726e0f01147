/** Pipes with a name: each reader gets all of the content, and nothing that waits keeps the process from ending. */
import assert from "node:assert/strict"
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { setImmediate } from "node:timers/promises"
import { pathToFileURL } from "node:url"
import { utf8 } from "@halfkey/core/primitives/bytes"
import { temporaryDirectory } from "../testing/test-context.ts"
import { MountedFifo } from "./mounted-fifo.ts"

const skip = process.platform === "win32" && "there are no such pipes"

function mounted(context: TestContext, content: string): { directory: string; path: string; fifo: MountedFifo } {
  const directory = temporaryDirectory(context)
  const path = join(directory, "secrets.json")
  const fifo = new MountedFifo(path, utf8(content))
  context.after(() => fifo.remove())
  return { directory, path, fifo }
}

test("each reader gets everything, one after the other, and what is newest", { skip }, async (context) => {
  const { directory, path, fifo } = mounted(context, "first")
  assert.ok(statSync(path).isFIFO())
  assert.equal(statSync(path).mode & 0o777, 0o600)
  for (let n = 0; n < 3; n++) assert.equal(await readFile(path, "utf8"), "first")
  fifo.update(utf8("second"))
  assert.equal(await readFile(path, "utf8"), "second")
  fifo.remove()
  fifo.remove()
  assert.deepEqual(readdirSync(directory), [])
})

test("more than a pipe holds arrives, also beside a reader that stops in the middle or never reads", {
  skip,
}, async (context) => {
  const content = "x".repeat(1_000_000)
  const { path } = mounted(context, content)
  const { ino } = statSync(path)
  const idle = openSync(path, "r")
  // The next one is at the path.
  while (statSync(path).ino === ino) await setImmediate()
  assert.equal(await readFile(path, "utf8"), content)
  const head = spawn("head", ["-c", "5", path], { stdio: "ignore" })
  assert.deepEqual(await once(head, "close"), [0, null])
  assert.equal(await readFile(path, "utf8"), content)
  assert.equal(readSync(idle, Buffer.alloc(4)), 4)
  closeSync(idle)
})

test("what is there already is left alone, and where no pipe can be made it is told", { skip }, (context) => {
  const directory = temporaryDirectory(context)
  const path = join(directory, "taken")
  writeFileSync(path, "theirs")
  assert.throws(() => new MountedFifo(path, utf8("x")), {
    code: "invalid_argument",
    message: `nothing was started: ${JSON.stringify(path)} is there already`,
  })
  assert.throws(() => new MountedFifo(join(directory, "no", "such"), utf8("x")), /cannot be made: ENOENT$/)
  assert.deepEqual(readdirSync(directory), ["taken"])
})

test("another pipe or file that took its place before it was opened gets nothing", { skip }, async (context) => {
  const directory = temporaryDirectory(context)
  const script = `
    import { spawnSync } from "node:child_process"
    import { closeSync, constants, open, openSync, rmSync, writeFileSync } from "node:fs"
    import { once } from "node:events"
    import { Socket } from "node:net"
    const { MountedFifo } = await import(${JSON.stringify(new URL("mounted-fifo.ts", import.meta.url).href)})
    const pipe = (path, mode) => spawnSync("mkfifo", ["-m", mode, path])
    // All threads wait, so the pipe is opened later than it is made.
    const busy = [1, 2].map((n) => "busy" + n)
    for (const path of busy) pipe(path, "600")
    let opened = 0
    const free = new Promise((resolve) => {
      for (const path of busy) open(path, constants.O_WRONLY, () => { if (++opened === busy.length) resolve() })
    })
    const fifo = new MountedFifo("secrets.json", Buffer.from("secret"))
    rmSync("secrets.json")
    if (process.argv[1] === "file") writeFileSync("secrets.json", "theirs")
    else pipe("secrets.json", "666")
    const reader = process.argv[1] === "file" ? undefined : openSync("secrets.json", constants.O_RDONLY | constants.O_NONBLOCK)
    const readers = busy.map((path) => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK))
    await free
    if (reader !== undefined) {
      const socket = new Socket({ fd: reader, writable: false })
      socket.on("data", (data) => process.stdout.write(data))
      await once(socket, "end")
    }
    fifo.remove()
    process.exit()`
  for (const kind of ["pipe", "file"]) {
    for (const name of readdirSync(directory)) rmSync(join(directory, name))
    const child = spawn(process.execPath, ["--input-type=module", "-e", script, kind], {
      cwd: directory,
      env: { ...process.env, UV_THREADPOOL_SIZE: "2" },
      stdio: ["ignore", "pipe", "inherit"],
    })
    let got = ""
    child.stdout.on("data", (data) => {
      got += data
    })
    assert.deepEqual(await once(child, "close"), [0, null])
    assert.equal(got, "")
    if (kind === "file") assert.equal(readFileSync(join(directory, "secrets.json"), "utf8"), "theirs")
  }
})

test("somebody else's file in its place is not removed", { skip }, (context) => {
  const { directory, path, fifo } = mounted(context, "x")
  rmSync(path)
  writeFileSync(path, "theirs")
  fifo.remove()
  assert.deepEqual(readdirSync(directory), ["secrets.json"])
})

test("the process ends at once: nobody reads, the pipe was taken away, and a reader that never reads", {
  skip: process.platform !== "linux" && "needs handles of Linux",
}, (context) => {
  const module = JSON.stringify(pathToFileURL(join(import.meta.dirname, "mounted-fifo.ts")).href)
  for (const meanwhile of [
    "",
    "rmSync(path)",
    "openSync(path, constants.O_RDONLY | constants.O_NONBLOCK); await turns()",
  ]) {
    const directory = temporaryDirectory(context)
    const path = join(directory, "pipe")
    const code = `
      import { constants, openSync, rmSync } from "node:fs"
      import { setTimeout as delay } from "node:timers/promises"
      import { MountedFifo } from ${module}
      const path = ${JSON.stringify(path)}
      const turns = () => delay(50)
      new MountedFifo(path, Buffer.alloc(1_000_000, 120))
      ${meanwhile}
      process.exit(7)`
    const { status, signal, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", code], {
      encoding: "utf8",
      timeout: 60_000,
    })
    assert.deepEqual([status, signal], [7, null], stderr)
    assert.deepEqual(readdirSync(directory), [])
    assert.ok(!existsSync(path))
  }
})
