/** Every command whose output nobody reads, cannot be written, or has no place at all. */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { requireDecent } from "./decency.ts"
import { Scene } from "./scene.ts"

const fifoCommand = "mkfifo"
let scene: Scene
let fifo = ""
before(async () => {
  scene = await Scene.open()
  fifo = join(scene.halfkey.directory, "fifo")
  assert.equal(spawnSync(fifoCommand, [fifo]).status, 0)
})
after(() => scene.close())

/** A program of its own, a file, no difference, and nothing to list. */
const mayBeSilent = new Set(["run", "watch", "inject", "audit export", "diff", "devices list"])

/** stdout is a pipe whose reader is gone already: `| head -0`, without its race. */
const nobodyReads = () => `exec 3<> '${fifo}' > '${fifo}' 3>&-`
const cannotBeWritten =
  /halfkey: the output could not be written: ENOSPC\n {2}try: what was written is incomplete: make room, or write elsewhere, and run the same again\n/

test("a reader that left, a full disk, and a stdout that is closed", { skip: !existsSync("/dev/full") }, async () => {
  const printing: string[] = []
  for (const sample of await scene.samples()) {
    if (sample.waits !== undefined) continue
    const run = (shell: string) => scene.halfkey.run(sample.args, { shell })
    const unread = await run(nobodyReads())
    const full = await run("exec > /dev/full")
    const closed = await run("exec >&-")
    for (const outcome of [unread, full, closed]) requireDecent(sample, outcome)
    const what = `halfkey ${sample.args.join(" ")}`
    // What cannot be done twice says something else the second time.
    if (unread.code === 141 && sample.onlyReads) {
      assert.equal(full.code, 1, what)
      assert.match(full.stderr, cannotBeWritten, what)
    }
    if (cannotBeWritten.test(full.stderr)) {
      printing.push(sample.path)
      assert.deepEqual([full.code, unread.code], [1, 141], what)
    }
  }
  // The rest prints nothing as the help shows it, or what is no output: notes.
  const silent = (await scene.samples()).filter(({ onlyReads, path }) => onlyReads && !printing.includes(path))
  assert.deepEqual(
    silent.map(({ path }) => path).filter((path) => !mayBeSilent.has(path)),
    [],
  )
})

test("where errors cannot be told, the exit code still tells", { skip: !existsSync("/dev/full") }, async () => {
  for (const shell of ["exec 2> /dev/full", "exec 2>&-", "exec 2> /dev/full > /dev/full"]) {
    const { code } = await scene.halfkey.run(["get", "ABSENT", "-e", "development"], { shell })
    assert.equal(code, 3, shell)
  }
  const { code } = await scene.halfkey.run(["get", "PORT", "-e", "development"], {
    shell: "exec 2> /dev/full > /dev/full",
  })
  assert.equal(code, 1)
})

test("help and version, too", async () => {
  for (const args of [["--help"], ["get", "--help"], ["--version"], ["version"]]) {
    assert.equal((await scene.halfkey.run(args, { shell: nobodyReads() })).code, 141, args.join(" "))
    const full = await scene.halfkey.run(args, { shell: "exec > /dev/full" })
    assert.equal(full.code, 1, args.join(" "))
    assert.match(full.stderr, cannotBeWritten)
  }
})
