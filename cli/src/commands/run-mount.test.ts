/** `halfkey run --mount`: what the program finds at the path, what it does not find elsewhere, and that nothing is left. */
import assert from "node:assert/strict"
import { once } from "node:events"
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { Installation } from "../testing/installation.ts"
import { Lines } from "../testing/lines.ts"

const halfkey = new Installation()
const noMemory = existsSync("/dev/shm") ? false : "there is no /dev/shm"
const memory = noMemory ? "" : mkdtempSync("/dev/shm/halfkey-test-")
const development = ["run", "-e", "development"]
before(async () => {
  await halfkey.up()
  for (const [name, value] of [
    ["URL", "postgres://u:canary-77@h/$x"],
    ["LINES", "a\n'b' \"c\""],
  ] as const) {
    await halfkey.ok(["set", name, "-e", "development", "-q"], { stdin: value })
  }
  await halfkey.ok(["set", "a/b", "-e", "staging", "-q"], { stdin: "slash" })
  await halfkey.ok(["set", "BYTES", "-e", "staging", "-q", "--value-file", "-"], { stdin: Buffer.of(0xc3, 0x28) })
})
after(async () => {
  await halfkey.dispose()
  if (memory) rmSync(memory, { recursive: true, force: true })
})

/** A directory of its own, in which nothing may be left. */
function place(): string {
  return mkdtempSync(join(halfkey.directory, "place-"))
}

const contents: readonly (readonly [file: string, more: readonly string[], content: string])[] = [
  [".env", ["--only", "URL"], "URL='postgres://u:canary-77@h/$x'\n"],
  ["app.env", ["--only", "URL", "--prefix", "TF_VAR_"], "TF_VAR_URL='postgres://u:canary-77@h/$x'\n"],
  [".env.local", ["--only", "URL", "--mount-format", "env"], "export URL='postgres://u:canary-77@h/$x'\n"],
  ["x.json", [], '{\n  "LINES": "a\\n\'b\' \\"c\\"",\n  "URL": "postgres://u:canary-77@h/$x"\n}\n'],
  ["x.yml", ["--except", "URL"], '"LINES": "a\\n\'b\' \\"c\\""\n'],
  ["plain", ["--mount-template", "template"], "[postgres://u:canary-77@h/$x] {{ }}"],
]

test("the secrets are in the file, in its format, and neither in variables nor in arguments", async () => {
  for (const type of ["fifo", ...(noMemory ? [] : ["file"])]) {
    for (const [file, more, content] of contents) {
      const cwd = place()
      writeFileSync(join(cwd, "template"), "[{{ URL }}] {{{{ }}")
      const args = [...development, "--mount", file, "--mount-type", type, ...more]
      const script = `cat ${file}; env; tr '\\0' '\\n' < /proc/$PPID/environ; tr '\\0' ' ' < /proc/$PPID/cmdline`
      const { code, stdout, stderr } = await halfkey.run([...args, "--", "sh", "-c", script], { cwd })
      assert.deepEqual([code, stderr], [0, ""], `${type} ${file}`)
      assert.equal(stdout.slice(0, content.length), content)
      assert.ok(!/canary-77|^URL|^LINES/m.test(stdout.slice(content.length)), stdout)
      assert.deepEqual(readdirSync(cwd), ["template"])
    }
  }
})

test("the mode is 0600, and what is taken stays", async () => {
  const cwd = place()
  const { stdout } = await halfkey.run([...development, "--mount", "x.json", "--", "stat", "-c", "%a %F", "x.json"], {
    cwd,
  })
  assert.equal(stdout, "600 fifo\n")
  writeFileSync(join(cwd, "x.json"), "theirs")
  for (const type of ["fifo", "file"]) {
    const args = [...development, "--mount", "x.json", "--mount-type", type, "--", "touch", "started"]
    const { code, stderr } = await halfkey.run(args, { cwd })
    assert.equal(code, 125)
    assert.match(stderr, /^halfkey: nothing was started: "x.json" is there already\n {2}try: another path for --mount/)
  }
  assert.deepEqual(readdirSync(cwd), ["x.json"])
  assert.equal(readFileSync(join(cwd, "x.json"), "utf8"), "theirs")
})

test("a file is in memory, its owner's alone, and can be read again and again", { skip: noMemory }, async () => {
  const path = join(memory, "app.json")
  const args = [...development, "--mount", path, "--mount-type", "file"]
  const { stdout } = await halfkey.run([
    ...args,
    "--",
    "sh",
    "-c",
    `stat -c '%a %F' ${path}; cat ${path} ${path} | grep -c URL`,
  ])
  assert.equal(stdout, "600 regular file\n2\n")
  assert.deepEqual(readdirSync(memory), [])
})

test("what cannot be is refused before anything is started", async () => {
  const cwd = place()
  writeFileSync(join(cwd, "bad"), "{{ ABSENT }}")
  writeFileSync(join(cwd, "empty"), "nothing")
  for (const [args, told] of [
    [["--mount", "plain"], "the name of the --mount file tells no format"],
    [["--mount", ""], "--mount names no path"],
    [["--mount-type", "file"], "there is no --mount that the other options are about"],
    [
      ["--mount", "a.env", "--mount-template", "bad", "--only", "URL"],
      "the template says which secrets it takes, not --only",
    ],
    [["--mount", "a.env", "--mount-template", "bad", "--mount-format", "json"], "a template has no --mount-format"],
    [["--mount", "a.env", "--mount-template", "bad"], /ABSENT/],
    [["--mount", "a.env", "--mount-template", "empty"], "nothing was started: the template names no secret"],
    [["--only", "URL", "--mount", "no/such/a.env"], 'nothing was started: "no/such/a.env" cannot be made: ENOENT'],
    [["-e", "staging", "--mount", "a.env", "--only", "a/b"], /^halfkey: the format dotenv cannot hold a\/b: /],
    [
      ["-e", "staging", "--mount", "a.json", "--only", "BYTES"],
      /^halfkey: the format json cannot hold BYTES: its value is no UTF-8/,
    ],
  ] as const) {
    const { code, stdout, stderr } = await halfkey.run([...development, ...args, "--", "touch", "started"], { cwd })
    assert.deepEqual([code, stdout], [125, ""], stderr)
    if (typeof told === "string") assert.equal(stderr.split("\n")[0], `halfkey: ${told}`)
    else assert.match(stderr, told)
  }
  assert.deepEqual(readdirSync(cwd).sort(), ["bad", "empty"])
})

test("nothing is left however it ends, nor does a reader that never came or never reads keep it", async () => {
  const endings = [
    { end: "exit 3", code: 3 },
    { end: "kill -KILL $$", code: 137 },
    { end: "kill -TERM $PPID; exec sleep 60", code: 143 },
    { end: "kill -HUP $PPID; exec sleep 60", code: 129 },
    { end: "kill -INT $PPID; exec sleep 60", code: 130 },
    { end: "exec 3< m.json; exit 4", code: 4 },
    { end: "head -c 1 m.json > /dev/null; exit 5", code: 5 },
    { end: "rm m.json; exit 6", code: 6 },
    { end: "exec no-such-program", code: 127 },
  ]
  for (const type of ["fifo", ...(noMemory ? [] : ["file"])]) {
    for (const { end, code } of endings) {
      const cwd = place()
      const runtime = join(memory || cwd, "runtime")
      mkdirSync(runtime)
      const args = [...development, "--mount", "m.json", "--mount-type", type, "--", "bash", "-c", end]
      const outcome = await halfkey.run(args, { cwd, env: { XDG_RUNTIME_DIR: runtime } })
      assert.equal(outcome.code, code, `${type}: ${end}: ${outcome.stderr}`)
      assert.deepEqual(readdirSync(runtime), [], end)
      rmSync(runtime, { recursive: true })
      assert.deepEqual(readdirSync(cwd), [], end)
    }
  }
})

test("with --watch, whoever opens it next gets what is new, and the program its signal", async () => {
  await halfkey.ok(["environments", "create", "base", "-q"])
  for (const type of ["fifo", ...(noMemory ? [] : ["file"])]) {
    await halfkey.ok(["set", "W", "-e", "base", "-q"], { stdin: "one" })
    const path = join(place(), "w.json")
    const script = `
      const { readFile } = require("node:fs/promises")
      const show = async () => console.log(JSON.parse(await readFile(${JSON.stringify(path)}, "utf8")).W, process.env.W)
      process.on("SIGHUP", show); setInterval(() => {}, 1000); show()`
    const args = ["run", "-e", "base", "--watch", "--interval", "100ms", "--signal", "HUP", "--mount", path]
    const child = halfkey.spawn([...args, "--mount-type", type, "--", process.execPath, "-e", script])
    try {
      const out = new Lines(child.stdout)
      assert.equal(await out.next(), "one undefined")
      await halfkey.ok(["set", "W", "-e", "base", "-q"], { stdin: "two" })
      assert.equal(await out.next(), "two undefined")
      const ended = once(child, "exit")
      child.kill("SIGTERM")
      assert.deepEqual(await ended, [143, null])
      assert.throws(() => statSync(path), { code: "ENOENT" })
    } finally {
      child.kill("SIGKILL")
    }
  }
})

test("kill -9 of halfkey leaves what the guide says: an empty pipe or the file in memory, and the program", async () => {
  for (const type of ["fifo", ...(noMemory ? [] : ["file"])]) {
    const cwd = memory && type === "file" ? mkdtempSync(join(memory, "killed-")) : place()
    const path = join(cwd, "k.json")
    const script = "console.log(process.pid); setInterval(() => {}, 1000)"
    const args = [...development, "--mount", path, "--mount-type", type, "--", process.execPath, "-e", script]
    const child = halfkey.spawn(args)
    const pid = Number(await new Lines(child.stdout).next())
    try {
      const ended = once(child, "exit")
      child.kill("SIGKILL")
      assert.deepEqual(await ended, [null, "SIGKILL"])
      process.kill(pid, 0)
      const left = readdirSync(cwd).sort()
      if (type === "file") {
        assert.deepEqual(left, ["k.json"])
        assert.match(readFileSync(path, "utf8"), /canary-77/)
      } else {
        assert.match(left.join(" "), /^\.k\.json\.halfkey-[0-9a-f]{12} k\.json$/)
        // Nobody is behind it: whoever does not wait for a writer reads nothing.
        const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
        assert.equal(readSync(reader, Buffer.alloc(8)), 0)
        closeSync(reader)
      }
      const again = await halfkey.run([...development, "--mount", path, "--mount-type", type, "--", "true"])
      assert.equal(again.code, 125)
      assert.match(again.stderr, /what a killed halfkey has left there can be removed\n$/)
    } finally {
      process.kill(pid, "SIGKILL")
    }
    rmSync(cwd, { recursive: true })
  }
})
