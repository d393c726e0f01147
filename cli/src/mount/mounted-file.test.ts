/** The file of --mount: in memory, its owner's alone, and nothing is left of it. */
import assert from "node:assert/strict"
import {
  existsSync,
  linkSync,
  lstatSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { dirname, join } from "node:path"
import { test } from "node:test"
import { utf8 } from "@halfkey/core/primitives/bytes"
import { temporaryDirectory } from "../testing/test-context.ts"
import { MountedFile } from "./mounted-file.ts"

const memory = 0x01021994
const disk = 0xef53

test("in a directory in memory it is there itself, and is overwritten at the end", (context) => {
  const directory = temporaryDirectory(context)
  const path = join(directory, "secrets.env")
  const file = new MountedFile(path, utf8("A=canary"), [], () => memory)
  assert.ok(lstatSync(path).isFile())
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.equal(readFileSync(path, "utf8"), "A=canary")
  file.update(utf8("A=newer"))
  assert.equal(readFileSync(path, "utf8"), "A=newer")
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.deepEqual(readdirSync(directory), ["secrets.env"])
  // Another name for the same bytes shows what becomes of them.
  linkSync(path, join(directory, "same"))
  file.remove()
  file.remove()
  assert.deepEqual(readdirSync(directory), ["same"])
  assert.equal(readFileSync(join(directory, "same"), "latin1"), "\0".repeat(7))
})

test("elsewhere it is a link to a directory of its own in memory", (context) => {
  const directory = temporaryDirectory(context)
  const inMemory = temporaryDirectory(context)
  const typeOf = (path: string) => (path === inMemory ? memory : disk)
  const path = join(directory, "secrets.env")
  const file = new MountedFile(path, utf8("A=canary"), [inMemory], typeOf)
  assert.ok(lstatSync(path).isSymbolicLink())
  const target = realpathSync(path)
  assert.equal(dirname(dirname(target)), inMemory)
  assert.equal(statSync(dirname(target)).mode & 0o777, 0o700)
  assert.equal(statSync(target).mode & 0o777, 0o600)
  file.update(utf8("A=newer"))
  assert.equal(readFileSync(path, "utf8"), "A=newer")
  file.remove()
  assert.deepEqual([readdirSync(directory), readdirSync(inMemory)], [[], []])
})

test("without a directory in memory, and where something is already, nothing is written", (context) => {
  const directory = temporaryDirectory(context)
  const path = join(directory, "secrets.env")
  assert.throws(() => new MountedFile(path, utf8("x"), [directory], () => disk), {
    code: "missing_configuration",
    message: "there is no directory in memory (tmpfs) for the file of --mount",
    hint: "--mount-type fifo, or XDG_RUNTIME_DIR with a directory on a tmpfs",
  })
  writeFileSync(path, "theirs")
  assert.throws(() => new MountedFile(path, utf8("x"), [], () => memory), /is there already$/)
  assert.equal(readFileSync(path, "utf8"), "theirs")
  rmSync(path)
  assert.throws(
    () => new MountedFile(join(directory, "no", "such"), utf8("x"), [], () => memory),
    /cannot be made: ENOENT$/,
  )
  // Nothing is left in memory where the link cannot be made.
  const inMemory = temporaryDirectory(context)
  const typeOf = (where: string) => (where === inMemory ? memory : disk)
  assert.throws(() => new MountedFile(join(directory, "no", "such"), utf8("x"), [inMemory], typeOf), /ENOENT$/)
  assert.deepEqual([readdirSync(directory), readdirSync(inMemory)], [[], []])
})

test("a file that somebody else put into its place stays as it is", (context) => {
  const directory = temporaryDirectory(context)
  const path = join(directory, "secrets.env")
  const file = new MountedFile(path, utf8("A=canary"), [], () => memory)
  const theirs = join(directory, "theirs")
  writeFileSync(theirs, "theirs")
  renameSync(theirs, path)
  file.remove()
  assert.equal(readFileSync(path, "utf8"), "theirs")
})

test("where an update cannot be written, what is there goes at the end all the same", (context) => {
  const directory = temporaryDirectory(context)
  const path = join(directory, "secrets.env")
  const file = new MountedFile(path, utf8("A=canary"), [], () => memory)
  const next = join(directory, `.secrets.env.halfkey-${process.pid}`)
  writeFileSync(next, "in the way")
  assert.throws(() => file.update(utf8("A=newer")), { code: "EEXIST" })
  file.remove()
  assert.deepEqual(readdirSync(directory), [])
})

test("a link that somebody else put there stays", (context) => {
  const directory = temporaryDirectory(context)
  const inMemory = temporaryDirectory(context)
  const path = join(directory, "secrets.env")
  const file = new MountedFile(path, utf8("x"), [inMemory], (where) => (where === inMemory ? memory : disk))
  rmSync(path)
  writeFileSync(path, "theirs")
  file.remove()
  assert.ok(existsSync(path))
  assert.deepEqual(readdirSync(inMemory), [])
})
