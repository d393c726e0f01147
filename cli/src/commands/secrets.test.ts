/** set, get, get-many, list and delete: the real command on a real server, what it prints to the byte, and how it ends. */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { Installation } from "../testing/installation.ts"

const halfkey = new Installation()
before(() => halfkey.up())
after(() => halfkey.dispose())

const pem = "-----BEGIN PRIVATE KEY-----\nMIIB\nabc+/=\n-----END PRIVATE KEY-----\n"

test("a value from a pipe comes back, and the words secrets and -n mean the same", async () => {
  const set = await halfkey.run(["set", "FIRST", "-e", "development"], { stdin: "hello\n" })
  assert.deepEqual(set, {
    code: 0,
    signal: null,
    stdout: "",
    stderr: "halfkey: FIRST is now version 1 in development\n",
  })
  assert.equal(await halfkey.ok(["get", "FIRST", "-e", "development"]), "hello")
  await halfkey.ok(["secrets", "set", "-n", "FIRST", "-e", "development", "-V", "again", "-q"])
  assert.equal(await halfkey.ok(["secrets", "get", "--name", "FIRST", "-e", "development"]), "again")
  assert.equal(await halfkey.ok(["-e", "development", "get", "FIRST"]), "again")
  assert.equal(await halfkey.ok(["get", "FIRST", "-e", "development", "--version-number", "1"]), "hello")
})

test("values that are easily damaged come back exactly", async () => {
  const values: Record<string, string> = {
    PEM: pem,
    JSON: '{"a": ["$HOME", \'b\', "c\\n"]}',
    EMOJI: "🔑 schlüssel",
    QUOTES: `it's "quoted" $(id) \`id\``,
    TABS: "a\tb\r\n",
    SPACES: "  edges  ",
    LINES: "one\n\ntwo\n\n",
  }
  for (const [name, value] of Object.entries(values)) {
    await halfkey.ok(["set", name, "-e", "development", "--keep-newline"], { stdin: value })
    assert.equal(await halfkey.ok(["get", name, "-e", "development"]), value, name)
  }
})

test("64 KiB of a file come back to the byte, one byte more is refused", async () => {
  const path = join(halfkey.directory, "large.bin")
  const bytes = randomBytes(65_536)
  writeFileSync(path, bytes)
  await halfkey.ok(["set", "LARGE", "-e", "development", "--value-file", path])
  const back = spawnSync(process.execPath, ["cli/bin/halfkey.js", "get", "LARGE", "-e", "development"], {
    cwd: join(import.meta.dirname, "../../.."),
    env: halfkey.env(),
    maxBuffer: 1 << 20,
  })
  assert.ok(back.stdout.equals(bytes))
  writeFileSync(path, Buffer.concat([bytes, Buffer.of(0)]))
  const { code, stderr } = await halfkey.run(["set", "LARGE", "-e", "development", "--value-file", path])
  assert.equal(code, 2)
  assert.match(stderr, /^halfkey: .*65536/)
  assert.equal((await halfkey.ok(["list", "-e", "development", "--prefix", "LARGE"])).split("\t")[1], "1")
})

test("an empty value has to be meant", async () => {
  const refused = await halfkey.run(["set", "EMPTY", "-e", "development"])
  assert.equal(refused.code, 2)
  assert.equal(
    refused.stderr,
    "halfkey: stdin was empty, so EMPTY was not changed\n  try: --allow-empty, if the empty value is meant\n",
  )
  await halfkey.ok(["set", "EMPTY", "-e", "development", "--allow-empty"])
  assert.equal(await halfkey.ok(["get", "EMPTY", "-e", "development"]), "")
})

test("get-many prints formats that hold the values exactly", async () => {
  await halfkey.ok(["set", "ONE", "-e", "staging"], { stdin: "it's" })
  await halfkey.ok(["set", "TWO", "-e", "staging"], { stdin: pem })
  const print = (...args: string[]) => halfkey.ok(["get-many", "TWO", "ONE", "-e", "staging", ...args])
  assert.equal(await print(), `TWO='${pem}'\nONE='it'\\''s'\n`)
  assert.deepEqual(JSON.parse(await print("-o", "json")), { TWO: pem, ONE: "it's" })
  assert.equal(await print("-o", "yaml"), `TWO: |\n${pem.replace(/^(?=.)/gm, "  ")}ONE: it's\n`)
  assert.equal(await print("-o", "tsv"), `name\tversion\tvalue\nTWO\t1\t${pem.replaceAll("\n", "\\n")}\nONE\t1\tit's\n`)
  const hidden = await print("-o", "table")
  assert.ok(hidden.includes("••••") && !hidden.includes("it's"))
  assert.ok((await print("-o", "table", "--show")).includes("it's"))
})

test("a shell reads back what -o env printed", async () => {
  const lines = await halfkey.ok(["get-many", "PEM", "QUOTES", "TABS", "-e", "development"])
  const { stdout } = spawnSync("sh", ["-c", `${lines}\nprintf %s "$PEM$QUOTES$TABS"`], { encoding: "utf8" })
  assert.equal(stdout, `${pem}it's "quoted" $(id) \`id\`a\tb\r\n`)
})

test("what a format cannot hold is refused with the name, and nothing is printed", async () => {
  await halfkey.ok(["set", "BINARY", "-e", "staging"], { stdin: Buffer.of(0xff, 0x00, 0x80) })
  await halfkey.ok(["set", "a/b.c", "-e", "staging"], { stdin: "v" })
  for (const [names, format, reason] of [
    [["ONE", "BINARY"], "json", "the format json cannot hold BINARY: its value is no UTF-8 text"],
    [["ONE", "BINARY"], "env", "the format env cannot hold BINARY: its value holds a NUL byte"],
    [["ONE", "a/b.c"], "env", "the format env cannot hold a/b.c: its name is no name of a variable"],
  ] as const) {
    const { code, stdout, stderr } = await halfkey.run(["get-many", ...names, "-e", "staging", "-o", format])
    assert.equal(code, 7)
    assert.equal(stdout, "")
    assert.ok(stderr.startsWith(`halfkey: ${reason}\n  try: halfkey get ${names[1]} `), stderr)
  }
})

test("list shows names, never values", async () => {
  const plain = await halfkey.ok(["list", "-e", "staging"])
  assert.match(plain, /^BINARY\t1\t\d{4}-[^\t]*Z\nONE\t1\t.*\nTWO\t1\t.*\na\/b\.c\t1\t.*\n$/)
  assert.match(await halfkey.ok(["list", "-e", "staging", "-o", "table"]), /^NAME +VERSION +UPDATED\nBINARY +1 +\d{4}/)
  const json = JSON.parse(await halfkey.ok(["list", "-e", "staging", "-o", "json", "--prefix", "a/"]))
  assert.deepEqual(Object.keys(json[0]), ["name", "version", "updatedAt", "createdAt", "environment"])
  const { stdout, stderr } = await halfkey.run(["list", "-e", "production"])
  assert.deepEqual([stdout, stderr], ["", "halfkey: there are no secrets in production\n"])
})

test("delete asks, and without a terminal wants -y", async () => {
  await halfkey.ok(["set", "GOING", "-e", "development"], { stdin: "x" })
  const refused = await halfkey.run(["delete", "GOING", "-e", "development"])
  assert.deepEqual(
    [refused.code, refused.stderr],
    [2, "halfkey: GOING was not deleted: nobody can be asked here\n  try: the same with -y\n"],
  )
  assert.equal(await halfkey.ok(["get", "GOING", "-e", "development"]), "x")
  const deleted = await halfkey.run(["delete", "GOING", "-e", "development", "-y"])
  assert.deepEqual([deleted.code, deleted.stderr], [0, "halfkey: GOING is deleted from development (version 2)\n"])
  const gone = await halfkey.run(["get", "GOING", "-e", "development"])
  assert.equal(gone.code, 3)
  assert.match(gone.stderr, /^halfkey: there is no secret GOING in development\n {2}try: /)
  assert.equal((await halfkey.run(["delete", "GOING", "-e", "development", "-y"])).code, 3)
})

test("compare-and-set by version", async () => {
  await halfkey.ok(["set", "CAS", "-e", "development", "--if-version", "0"], { stdin: "1" })
  const late = await halfkey.run(["set", "CAS", "-e", "development", "--if-version", "0"], { stdin: "2" })
  assert.equal(late.code, 5)
  await halfkey.ok(["set", "CAS", "-e", "development", "--if-version", "1"], { stdin: "2" })
  assert.equal((await halfkey.run(["delete", "CAS", "-e", "development", "--if-version", "1", "-y"])).code, 5)
  const odd = await halfkey.run(["set", "CAS", "-e", "development", "--if-version", "-1"], { stdin: "2" })
  assert.deepEqual([odd.code, odd.stderr], [2, 'halfkey: --if-version takes a whole number, got "-1"\n'])
})

test("names that are not allowed are refused before any request, with the reason", async () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["", /it is empty/],
    ["1A", /it must start with a letter or an underscore/],
    ["A B", /only ASCII letters/],
    ["Ä", /only ASCII letters/],
    ["A".repeat(256), /256 characters, at most 255/],
  ]
  for (const [name, reason] of cases) {
    const { code, stderr } = await halfkey.run(["set", name, "-e", "development"], {
      stdin: "x",
      env: { CS_ENDPOINT: "http://127.0.0.1:1" },
    })
    assert.equal(code, 2, name)
    assert.match(stderr, reason)
    assert.match(stderr, /\n {2}try: /)
  }
})

test("an environment that does not exist is told with the one that was meant", async () => {
  const { code, stderr } = await halfkey.run(["list", "-e", "prodution"])
  assert.equal(code, 3)
  assert.match(
    stderr,
    /^halfkey: there is no environment prodution, or no grant for it\n {2}try: -e production {3}\(did you mean production\?\)\n/,
  )
  const none = await halfkey.run(["list"])
  assert.equal(none.code, 2)
  assert.match(none.stderr, /^halfkey: no environment was named\n {2}try: -e development/)
})

test("a server that is away is told with what to type", async () => {
  const { code, stderr } = await halfkey.run(["get", "FIRST", "-e", "development", "--endpoint", "http://127.0.0.1:1"])
  assert.equal(code, 6)
  assert.equal(
    stderr,
    "halfkey: the server at http://127.0.0.1:1 cannot be reached: ECONNREFUSED\n  try: halfkey up   (in the directory where it was first started: its data is there)\n",
  )
})

test("a reader that goes away ends the command quietly", async () => {
  const { stdout, stderr } = spawnSync(
    "sh",
    ["-c", `"${process.execPath}" cli/bin/halfkey.js get LARGE -e development | head -c 1 | wc -c`],
    { cwd: join(import.meta.dirname, "../../.."), env: halfkey.env(), encoding: "utf8" },
  )
  assert.deepEqual([stdout.trim(), stderr], ["1", ""])
})

test("-q silences notes and warnings, not errors", async () => {
  const { code, stderr } = await halfkey.run(["set", "QUIET", "-e", "development", "--value", "x", "-q"])
  assert.deepEqual([code, stderr], [0, ""])
  assert.match(
    (await halfkey.run(["get", "NOPE", "-e", "development", "-q"])).stderr,
    /^halfkey: there is no secret NOPE/,
  )
})

test("no value is in an error, whatever goes wrong with it", async () => {
  const canary = "canary-5b1e"
  const attempts = [
    ["set", "A B", "-e", "development"],
    ["set", "CANARY", "-e", "nowhere"],
    ["set", "CANARY", "-e", "development", "--endpoint", "http://127.0.0.1:1"],
    ["set", "CANARY", "-e", "development", "--if-version", "7"],
  ]
  for (const args of attempts) {
    const { code, stdout, stderr } = await halfkey.run(args, { stdin: canary, env: { HALFKEY_DEBUG: "1" } })
    assert.notEqual(code, 0)
    assert.ok(!`${stdout}${stderr}`.includes(canary), args.join(" "))
  }
})
