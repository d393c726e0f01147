/** copy, promote and diff: the real commands on a real server, what they print to the byte, and how they end. */
import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { Installation } from "../testing/installation.ts"

const halfkey = new Installation()
before(async () => {
  await halfkey.up({ HALFKEY_VALUE_MAX_LENGTH: "131072" })
  await halfkey.ok(["import", "-e", "staging", "-y"], { stdin: "A=staging-a\nB=both\nC='two\nlines'\n" })
  await halfkey.ok(["import", "-e", "production", "-y"], { stdin: "A=production-a\nB=both\nD=only here\n" })
})
after(() => halfkey.dispose())

const value = (name: string, environment: string) => halfkey.ok(["get", name, "-e", environment])

test("diff lists names, and ends with 8", async () => {
  assert.deepEqual(await halfkey.run(["diff", "staging", "production"]), {
    code: 8,
    signal: null,
    stdout: "A\tchanged\nC\tremoved\nD\tadded\n",
    stderr: "",
  })
  const { code, stdout } = await halfkey.run(["diff", "staging", "production", "-o", "json"])
  assert.equal(code, 8)
  assert.deepEqual(JSON.parse(stdout), [
    { name: "A", change: "changed" },
    { name: "C", change: "removed" },
    { name: "D", change: "added" },
  ])
})

test("diff shows values only with --show", async () => {
  const show = ["diff", "staging", "production", "--show"]
  const table = await halfkey.run([...show, "-o", "table"])
  assert.equal(
    table.stdout,
    `NAME  CHANGE   staging           production
A     changed  staging-a         production-a
C     removed  (2 lines, below)
D     added                      only here

C, from staging to production
  - two
  - lines
`,
  )
  const yaml = await halfkey.run([...show, "-o", "yaml"])
  assert.equal(
    yaml.stdout,
    `- name: A
  change: changed
  from: staging-a
  to: production-a
- name: C
  change: removed
  from: |-
    two
    lines
  to: null
- name: D
  change: added
  from: null
  to: only here
`,
  )
  await halfkey.ok(["set", "RAW", "-e", "staging"], { stdin: Uint8Array.of(255, 0) })
  const lossy = await halfkey.run([...show, "-o", "json"])
  assert.deepEqual(lossy, {
    code: 7,
    signal: null,
    stdout: "",
    stderr:
      "halfkey: the format json cannot hold RAW: its value is no UTF-8 text\n  try: the same with -o table, or without --show\n",
  })
  assert.match(
    (await halfkey.run([...show, "-o", "table"])).stdout,
    /\nRAW {3}removed {2}\(2 bytes that are no text\)\n/,
  )
  await halfkey.ok(["delete", "RAW", "-e", "staging", "-y"])
})

test("diff --show tells people which lines of a value changed, and other programs the whole value", async () => {
  const pem = (line: string) => `-----BEGIN-----\n${"same\n".repeat(6)}${line}\n-----END-----\n`
  await halfkey.ok(["set", "PEM", "-e", "development"], { stdin: pem("old") })
  await halfkey.ok(["set", "PEM", "-e", "development"], { stdin: pem("new") })
  const args = ["diff", "-e", "development", "PEM@1", "PEM@2", "--show"]
  assert.deepEqual(await halfkey.run([...args, "-o", "table"]), {
    code: 8,
    signal: null,
    stdout: `NAME  CHANGE   PEM@1             PEM@2
PEM   changed  (9 lines, below)  (9 lines, below)

PEM, from PEM@1 to PEM@2
  … 4 lines the same
    same
    same
    same
  - old
  + new
    -----END-----
`,
    stderr: "",
  })
  const [, , whole] = (await halfkey.run(args)).stdout.trimEnd().split("\t")
  assert.equal(whole, pem("old").replaceAll("\n", "\\n"))
})

test("diff with a file, and from a pipe", async () => {
  writeFileSync(join(halfkey.directory, "staging.env"), "A=staging-a\nB=other\nE=1\n")
  const file = await halfkey.run(["diff", "-e", "staging", "--file", "staging.env"])
  assert.deepEqual([file.code, file.stdout, file.stderr], [8, "B\tchanged\nC\tremoved\nE\tadded\n", ""])
  const json = await halfkey.ok(["export", "-e", "staging", "--format", "json"])
  const same = await halfkey.run(["diff", "-e", "staging", "--file", "-", "--format", "json"], { stdin: json })
  assert.deepEqual([same.code, same.stdout, same.stderr], [0, "", "halfkey: staging and stdin are the same\n"])
})

test("diff between versions", async () => {
  await halfkey.ok(["set", "V", "-e", "development"], { stdin: "one" })
  await halfkey.ok(["set", "V", "-e", "development"], { stdin: "two" })
  await halfkey.ok(["set", "V", "-e", "development"], { stdin: "one" })
  const diff = (...args: string[]) => halfkey.run(["diff", "-e", "development", ...args])
  const changed = await diff("V@1", "V@2", "--show", "-o", "table")
  assert.deepEqual([changed.code, changed.stdout], [8, "NAME  CHANGE   V@1  V@2\nV     changed  one  two\n"])
  const same = await diff("V@1")
  assert.deepEqual([same.code, same.stdout, same.stderr], [0, "", "halfkey: V@1 and V@3 are the same\n"])
  assert.equal((await diff("V@9")).code, 3)
})

test("what diff cannot compare is refused", async () => {
  const usage = "  try: halfkey diff staging production, or -e staging --file .env, or -e staging NAME@1 NAME@2\n"
  for (const [args, message] of [
    [[], "name two sides"],
    [["staging"], "name two sides"],
    [["staging", "staging"], "staging was named twice"],
    [["staging", "production", "development"], "name two sides"],
    [["staging", "--file", ".env"], "name two sides"],
    [["staging", "production", "--format", "json"], "--format belongs to --file"],
  ] as const) {
    const { code, stderr, stdout } = await halfkey.run(["diff", ...args])
    assert.deepEqual([code, stdout, stderr], [2, "", `halfkey: ${message}\n${usage}`])
  }
  const file = await halfkey.run(["diff", "staging", "staging.env"])
  assert.deepEqual(
    [file.code, file.stderr],
    [2, "halfkey: staging.env is a file, and no environment\n  try: halfkey diff -e staging --file staging.env\n"],
  )
  const odd = await halfkey.run(["diff", "A@x", "-e", "staging"])
  assert.equal(odd.stderr, "halfkey: behind A@ a number of a version belongs\n  try: halfkey history A\n")
  const two = await halfkey.run(["diff", "A@1", "B@1", "-e", "staging"])
  assert.equal(two.stderr, "halfkey: versions of two secrets were named\n  try: halfkey diff A@1 A@2\n")
  const unknown = await halfkey.run(["diff", "staging", "prodution"])
  assert.equal(unknown.code, 3)
})

test("import takes what this server takes, and no file is too large to be refused", async () => {
  const large = "x".repeat(131_072)
  await halfkey.ok(["import", "-e", "development", "-y"], { stdin: `LARGE=${large}\n` })
  assert.equal(await value("LARGE", "development"), large)
  const more = await halfkey.run(["import", "-e", "development", "-y"], { stdin: `A=1\nLARGE=${large}x\n` })
  assert.deepEqual(
    [more.code, more.stderr.split("\n")[1]],
    [2, "  line 2: the value of LARGE has 131073 bytes, at most 131072 are allowed"],
  )
  const lines = "x\n".repeat(2 * 1024 * 1024 - 4)
  const quoted = await halfkey.run(["import", "-e", "development", "-y"], { stdin: `A='${lines}'` })
  assert.match(quoted.stderr, /^halfkey: stdin has a problem, .*\n {2}line 1: the value of A has \d+ bytes, at most/)
  const whole = await halfkey.run(["import", "-e", "development", "-y"], { stdin: `A='${lines}${lines}'` })
  assert.deepEqual(
    [whole.code, whole.stderr],
    [2, "halfkey: stdin has more than 4194304 bytes\n  try: split it into several\n"],
  )
})

test("copy shows, asks, and writes only what was named", async () => {
  const args = ["copy", "A", "C", "--from", "staging", "--to", "development"]
  const plan = "halfkey: in development\n  added  A\n  added  C\n"
  const refused = await halfkey.run(args)
  assert.deepEqual(
    [refused.code, refused.stdout, refused.stderr],
    [2, "", `${plan}halfkey: development was not changed: nobody can be asked here\n  try: the same with -y\n`],
  )
  assert.equal(await halfkey.ok([...args, "--dry-run"]), "A\tadded\nC\tadded\n")
  const done = await halfkey.run([...args, "-y"])
  assert.deepEqual(
    [done.code, done.stdout, done.stderr],
    [0, "", `${plan}halfkey: 2 changes in development, in one commit\n`],
  )
  assert.deepEqual([await value("A", "development"), await value("C", "development")], ["staging-a", "two\nlines"])
  const again = await halfkey.run(args)
  assert.deepEqual([again.code, again.stderr], [0, "halfkey: nothing to change in development: 2 secrets the same\n"])
})

test("copy refuses what is not there, all of it, and changes nothing", async () => {
  const missing = await halfkey.run(["copy", "A", "X", "Y", "--from", "staging", "--to", "production", "-y"])
  assert.deepEqual([missing.code, missing.stdout], [3, ""])
  assert.match(missing.stderr, /^halfkey: .*X.*Y/)
  assert.equal(await value("A", "production"), "production-a")
  const cases: readonly (readonly [string[], string])[] = [
    [["copy", "--from", "staging", "--to", "production"], "no secret was named"],
    [["copy", "A", "--from", "staging", "--to", "staging"], "--from and --to name the same environment"],
    [["promote", "A", "--prune", "--from", "staging", "--to", "production"], "--prune compares whole environments"],
    [["copy", "A", "--from", "staging"], "required option '--to <environment>' not specified"],
  ]
  for (const [args, message] of cases) {
    const { code, stderr } = await halfkey.run(args)
    assert.equal(code, 2)
    assert.ok(stderr.startsWith(`halfkey: ${message}`), stderr)
  }
})

test("promote takes everything, and deletes only with --prune", async () => {
  const args = ["promote", "--from", "staging", "--to", "production"]
  const done = await halfkey.run([...args, "-y"])
  assert.deepEqual(
    [done.code, done.stdout, done.stderr],
    [
      0,
      "",
      "halfkey: in production\n  changed   A\n  added     C\n  the same  1 secret\nhalfkey: 2 changes in production, in one commit\n",
    ],
  )
  assert.equal(await value("D", "production"), "only here")
  assert.equal(
    await halfkey.ok([...args, "--prune", "--dry-run"]),
    "A\tthe same\nB\tthe same\nC\tthe same\nD\tdeleted\n",
  )
  await halfkey.ok([...args, "--prune", "-y"])
  assert.deepEqual(await halfkey.run(["diff", "staging", "production", "-q"]), {
    code: 0,
    signal: null,
    stdout: "",
    stderr: "",
  })
  assert.equal((await halfkey.run(["get", "D", "-e", "production"])).code, 3)
})
