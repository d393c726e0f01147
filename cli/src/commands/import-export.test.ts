/** import and export: the real commands on a real server, what they print to the byte, and how they end. */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { chmodSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { Installation } from "../testing/installation.ts"
import { noTerminal, Terminal } from "../testing/terminal.ts"

const halfkey = new Installation()
before(() => halfkey.up())
after(() => halfkey.dispose())

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(join(halfkey.directory, name), content)
  return name
}

const dev = ["-e", "development"]
const versions = async (environment = "development") =>
  Object.fromEntries(
    (await halfkey.ok(["list", "-e", environment])).split("\n").flatMap((line) => {
      const [name, version] = line.split("\t")
      return name === undefined || name === "" ? [] : [[name, Number(version)]]
    }),
  )

const dotenv = `# of the team
export DATABASE_URL="postgres://localhost/app"
PEM='-----BEGIN KEY-----
MIIB+/=
-----END KEY-----
'
GREETING=it's 🔑 # said by all
EMPTY=
`

test("a file is shown, and without a terminal wants -y", async () => {
  file(".env", dotenv)
  const plan = `halfkey: in development
  added  DATABASE_URL
  added  EMPTY
  added  GREETING
  added  PEM
`
  const refused = await halfkey.run(["import", ".env", ...dev])
  assert.deepEqual(refused, {
    code: 2,
    signal: null,
    stdout: "",
    stderr: `${plan}halfkey: development was not changed: nobody can be asked here\n  try: the same with -y\n`,
  })
  assert.deepEqual(await versions(), {})
  const done = await halfkey.run(["import", ".env", ...dev, "-y"])
  assert.deepEqual(done, {
    code: 0,
    signal: null,
    stdout: "",
    stderr: `${plan}halfkey: 4 changes in development, in one commit\n`,
  })
  assert.equal(await halfkey.ok(["get", "GREETING", ...dev]), "it's 🔑")
  assert.equal(await halfkey.ok(["get", "PEM", ...dev]), "-----BEGIN KEY-----\nMIIB+/=\n-----END KEY-----\n")
  const again = await halfkey.run(["import", ".env", ...dev])
  assert.deepEqual(
    [again.code, again.stdout, again.stderr],
    [0, "", "halfkey: nothing to change in development: 4 secrets the same\n"],
  )
})

test("--dry-run is data, and changes nothing", async () => {
  file("next.json", '{"DATABASE_URL": "postgres://db/app", "EMPTY": "", "PORT": 8080}')
  const args = ["import", "next.json", ...dev, "--dry-run"]
  const { code, stderr, stdout } = await halfkey.run([...args, "--prune"])
  assert.equal(stdout, "DATABASE_URL\tchanged\nEMPTY\tthe same\nGREETING\tdeleted\nPEM\tdeleted\nPORT\tadded\n")
  assert.deepEqual([code, stderr], [0, ""])
  assert.deepEqual(JSON.parse(await halfkey.ok([...args, "-o", "json"])), [
    { name: "DATABASE_URL", change: "changed" },
    { name: "EMPTY", change: "the same" },
    { name: "PORT", change: "added" },
  ])
  assert.equal(
    await halfkey.ok([...args, "-o", "table"]),
    "NAME          CHANGE\nDATABASE_URL  changed\nEMPTY         the same\nPORT          added\n",
  )
  assert.deepEqual(await versions(), { DATABASE_URL: 1, EMPTY: 1, GREETING: 1, PEM: 1 })
})

test("--prune deletes what the source has not, in the same commit", async () => {
  const { code, stderr } = await halfkey.run(["import", "next.json", ...dev, "--prune", "-y"])
  assert.equal(
    stderr,
    `halfkey: in development
  changed   DATABASE_URL
  deleted   GREETING
  deleted   PEM
  added     PORT
  the same  1 secret
halfkey: 4 changes in development, in one commit
`,
  )
  assert.equal(code, 0)
  assert.deepEqual(await versions(), { DATABASE_URL: 2, EMPTY: 1, PORT: 1 })
  assert.equal(await halfkey.ok(["get", "PORT", ...dev]), "8080")
  // What was deleted comes again as a later version.
  await halfkey.ok(["import", ".env", ...dev, "-y"])
  assert.deepEqual(await versions(), { DATABASE_URL: 3, EMPTY: 1, GREETING: 3, PEM: 3, PORT: 1 })
})

test("pipes, YAML, and another environment", async () => {
  const yaml = { stdin: "A: 1.10\nB: |\n  two\n  lines\n" }
  const piped = await halfkey.run(["import", "--format", "yaml", "-e", "staging", "-y", "-q"], yaml)
  assert.deepEqual(piped, { code: 0, signal: null, stdout: "", stderr: "" })
  await halfkey.ok(["import", "-", "-e", "staging", "-y"], { stdin: "C=3\n" })
  await halfkey.ok(["set", "bytes/raw", "-e", "staging"], { stdin: Uint8Array.of(0xff, 0, 1) })
  const copied = await halfkey.run(["import", "--from-environment", "staging", "-e", "production", "-y"])
  assert.equal(copied.stderr.split("\n").at(-2), "halfkey: 4 changes in production, in one commit")
  assert.equal(await halfkey.ok(["get-many", "A", "B", "C", "-e", "production"]), "A=1.10\nB='two\nlines\n'\nC=3\n")
  assert.deepEqual(await versions("production"), { A: 1, B: 1, C: 1, "bytes/raw": 1 })
})

test("everything that is wrong is listed at once, with lines and without values, before anything is sent", async () => {
  const canary = "canary-8c1f"
  file(
    "bad.env",
    `1A=${canary}\nGOOD=1\n${canary} is no line\nGOOD=${canary}\nBIG=${"x".repeat(65_600)}\nQ='${canary}\n`,
  )
  const problems = [
    "halfkey: bad.env has 5 problems, and nothing was sent",
    "  line 1: the secret name 1A is not allowed: it must start with a letter or an underscore",
    "  line 3: not understood: NAME=value was expected",
    "  line 4: GOOD is in line 2 already",
    "  line 5: the value of BIG has 65600 bytes, at most 65536 are allowed",
    "  line 6: the value of Q opens a quote, which does not close at its end",
    "  try: correct the file; it was read as dotenv, --format names another one",
    "",
  ].join("\n")
  assert.deepEqual(await halfkey.run(["import", "bad.env", "-e", "staging", "-y"]), {
    code: 2,
    signal: null,
    stdout: "",
    stderr: problems,
  })
  for (const [name, content] of [
    ["bad.json", `{"A": "${canary}", "B": ${canary}}`],
    ["bad.yaml", `A: "${canary}\nB: [`],
    ["bad.yml", `- ${canary}`],
    ["utf16.env", Buffer.from(`A=${canary}`, "utf16le").fill(0xff, 0, 2)],
  ] as const) {
    const { code, stderr, stdout } = await halfkey.run(["import", file(name, content), "-e", "staging", "-y"])
    assert.deepEqual([code, stdout], [2, ""], name)
    assert.ok(stderr.startsWith(`halfkey: ${name} `) && !stderr.includes(canary), stderr)
  }
})

test("what cannot be meant is refused", async () => {
  const cases: readonly (readonly [string[], string])[] = [
    [
      ["import", "no-such-file", ...dev],
      "halfkey: no-such-file could not be read: no such file (ENOENT)\n  try: the path of a file, or - for stdin; `halfkey import --from-environment NAME` and `halfkey diff A B` take environments\n",
    ],
    [
      ["import", ...dev, "-y", "--prune"],
      "halfkey: stdin holds no secrets, so nothing was changed\n  try: NAME=value lines, or another --format\n",
    ],
    [
      ["import", ".env", ...dev, "--format", "toml"],
      'halfkey: there is no format "toml"\n  try: --format dotenv|json|yaml\n',
    ],
    [
      ["import", ".env", ...dev, "--from-environment", "staging"],
      "halfkey: name either a file or --from-environment\n  try: halfkey import --help\n",
    ],
    [
      ["import", ...dev, "--from-environment", "development"],
      "halfkey: development is both the source and the target\n  try: -e with another environment\n",
    ],
    [
      ["export", ...dev, "--format", "toml"],
      'halfkey: there is no format "toml"\n  try: --format env|dotenv|docker|json|yaml\n',
    ],
  ]
  for (const [args, expected] of cases) {
    const { code, stderr, stdout } = await halfkey.run(args)
    assert.deepEqual([code, stdout, stderr], [2, "", expected])
  }
  const many = Array.from({ length: 501 }, (_, index) => `N_${index}=${index}`).join("\n")
  const tooMany = await halfkey.run(["import", ...dev, "-y"], { stdin: many })
  assert.deepEqual(
    [tooMany.code, tooMany.stderr],
    [
      2,
      "halfkey: 501 changes at once, at most 500 are allowed: all of them are written, or none is\n" +
        "  try: split the source into several, each below that\n",
    ],
  )
})

test("a value that ends before # is told", async () => {
  const { code, stderr } = await halfkey.run(["import", "-e", "staging", "-y", "--dry-run"], {
    stdin: "\nPASS=ab#cd\n",
  })
  assert.deepEqual(
    [code, stderr],
    [0, "halfkey: stdin, line 2: the value of PASS ends before #: quote it if # belongs to it\n"],
  )
})

test("the answer no, or Ctrl-C, changes nothing; somebody else's change in between is a conflict", {
  skip: noTerminal,
}, async () => {
  const before = await versions()
  const path = join(halfkey.directory, file("change.env", "GREETING=terminal-canary\nFRESH=1\n"))
  const question = "Make 2 changes in development? [y/N]"
  const start = async () => {
    const terminal = new Terminal(["import", path, ...dev], halfkey.env())
    await terminal.shows(question)
    return terminal
  }
  const no = await start()
  no.type("n\r")
  const refused = await no.end()
  assert.equal(refused.code, 1)
  assert.equal(
    refused.shown,
    `halfkey: in development\n  added    FRESH\n  changed  GREETING\n${question} n\nhalfkey: development was not changed\n`,
  )
  const interrupted = await start()
  interrupted.type("\u0003")
  assert.equal((await interrupted.end()).code, 130)
  const late = await start()
  await halfkey.ok(["set", "GREETING", ...dev], { stdin: "by somebody else" })
  late.type("y\r")
  const { code, shown } = await late.end()
  assert.equal(code, 5, shown)
  assert.match(shown, /halfkey: GREETING is at version 4, expected 3/)
  assert.deepEqual(await versions(), { ...before, GREETING: 4 })
})

test("export prints each format, and import reads it back as the same", async () => {
  const all = await halfkey.ok(["export", ...dev])
  assert.equal(
    all,
    `export DATABASE_URL=postgres://localhost/app
export EMPTY=''
export GREETING='by somebody else'
export PEM='-----BEGIN KEY-----
MIIB+/=
-----END KEY-----
'
export PORT=8080
`,
  )
  const { stdout } = spawnSync("sh", ["-c", 'eval "$1"; printf "%s|" "$GREETING" "$PEM" "$EMPTY"', "sh", all])
  assert.equal(String(stdout), "by somebody else|-----BEGIN KEY-----\nMIIB+/=\n-----END KEY-----\n||")
  assert.equal(
    await halfkey.ok(["export", "PORT", "GREETING", ...dev, "--format", "json"]),
    '{\n  "PORT": "8080",\n  "GREETING": "by somebody else"\n}\n',
  )
  for (const format of ["dotenv", "json", "yaml"]) {
    const text = await halfkey.ok(["export", ...dev, "--format", format])
    const { code, stderr } = await halfkey.run(["import", "--format", format, ...dev, "--prune"], { stdin: text })
    assert.deepEqual([code, stderr], [0, "halfkey: nothing to change in development: 5 secrets the same\n"], format)
  }
})

test("what a format cannot hold is refused by name, and nothing is printed", async () => {
  for (const [environment, format, reason, name] of [
    ["development", "docker", "its value has several lines", "PEM"],
    ["staging", "json", "its value is no UTF-8 text", "bytes/raw"],
    ["staging", "yaml", "its value is no UTF-8 text", "bytes/raw"],
    ["staging", "dotenv", "its value is no UTF-8 text", "bytes/raw"],
    ["staging", "env", "its name is no name of a variable", "bytes/raw"],
  ] as const) {
    assert.deepEqual(await halfkey.run(["export", "-e", environment, "--format", format]), {
      code: 7,
      signal: null,
      stdout: "",
      stderr: `halfkey: the format ${format} cannot hold ${name}: ${reason}\n  try: halfkey get ${name}   (prints the exact bytes)\n`,
    })
  }
  await halfkey.ok(["set", "LD_PRELOAD", "-e", "staging"], { stdin: "/tmp/x.so" })
  const named = await halfkey.run(["export", "A", "LD_PRELOAD", "-e", "staging"])
  assert.equal(named.stdout, "export A=1.10\nexport LD_PRELOAD=/tmp/x.so\n")
  await halfkey.ok(["delete", "bytes/raw", "-e", "staging", "-y"])
  const { code, stderr, stdout } = await halfkey.run(["export", "-e", "staging"])
  assert.deepEqual(
    [code, stdout, stderr],
    [
      2,
      "",
      "halfkey: LD_PRELOAD makes the dynamic linker load other libraries: a shell takes it only when it is named\n" +
        "  try: name every secret that you want, LD_PRELOAD too, as arguments\n",
    ],
  )
  const missing = await halfkey.run(["export", "A", "NOPE", "-e", "staging"])
  assert.deepEqual([missing.code, missing.stdout], [3, ""])
  assert.match(missing.stderr, /NOPE/)
})

test("a full disk, a closed pipe, a home that cannot be written to", async () => {
  const bin = join(import.meta.dirname, "../../bin/halfkey.js")
  const shell = (script: string) =>
    spawnSync("sh", ["-c", script, "sh", process.execPath, bin], {
      cwd: halfkey.directory,
      env: halfkey.env(),
      encoding: "utf8",
    })
  const full = shell('"$1" "$2" export -e development > /dev/full')
  assert.equal(full.status, 1)
  assert.match(full.stderr, /^halfkey: the output could not be written: ENOSPC\n {2}try: /)
  const closed = shell('"$1" "$2" export -e development | true')
  assert.deepEqual([closed.status, closed.stderr], [0, ""])
  chmodSync(halfkey.directory, 0o500)
  try {
    assert.match(await halfkey.ok(["export", ...dev]), /^export DATABASE_URL=/)
  } finally {
    chmodSync(halfkey.directory, 0o700)
  }
})
