/** Where halfkey stays beside the program: every signal reaches it once, and what is wrong with it is told as ever. */
import assert from "node:assert/strict"
import { once } from "node:events"
import { symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { Secrets, unwrap } from "halfkey/secrets"
import { Installation } from "../testing/installation.ts"
import { Lines } from "../testing/lines.ts"

const halfkey = new Installation()
/** A name that env(1) takes for a variable: for such a program, halfkey does not give its process away. */
const odd = join(halfkey.directory, "no=de")
const ways: readonly (readonly [name: string, args: readonly string[], program: string])[] = [
  ["a program of an odd name", ["run"], odd],
  ["--mount", ["run", "--mount", "m.json"], process.execPath],
  ["--watch", ["run", "--watch"], process.execPath],
]
const development = ["-e", "development"]
before(async () => {
  await halfkey.up()
  await halfkey.ok(["set", "A", ...development, "-q"], { stdin: "1" })
  symlinkSync(process.execPath, odd)
})
after(() => halfkey.dispose())

const signals = ["SIGHUP", "SIGUSR1", "SIGUSR2", "SIGINT", "SIGQUIT", "SIGCONT", "SIGTSTP", "SIGTERM"] as const

for (const [name, args, program] of ways) {
  test(`${name}: each signal is passed on, once, and the program decides`, async () => {
    const script = `
      for (const signal of ${JSON.stringify(signals)}) process.on(signal, () => console.log(signal))
      process.on("SIGALRM", () => process.exit(9))
      setInterval(() => {}, 1000); console.log(process.ppid)`
    const child = halfkey.spawn([...args, ...development, "--", program, "-e", script])
    try {
      const out = new Lines(child.stdout)
      assert.equal(Number(await out.next()), child.pid)
      for (const signal of signals) {
        child.kill(signal)
        assert.equal(await out.next(), signal)
      }
      const ended = once(child, "close")
      child.kill("SIGALRM")
      assert.deepEqual(await ended, [9, null])
      await assert.rejects(out.next(), /the output ended: ""$/)
    } finally {
      child.kill("SIGKILL")
    }
  })

  test(`${name}: exit codes, 128+n by a signal`, async () => {
    for (const [script, code] of [
      ["process.exit(0)", 0],
      ["process.exit(255)", 255],
      ["process.kill(process.pid, 'SIGKILL')", 137],
      ["process.kill(process.pid, 'SIGSEGV')", 139],
    ] as const) {
      const outcome = await halfkey.run([...args, ...development, "--", program, "-e", script])
      assert.deepEqual([outcome.code, outcome.stderr], [code, ""], script)
    }
  })
}

test("with --mount and --watch too, 127 for what is missing, and 126 for a directory and what is no program", async () => {
  const file = join(halfkey.directory, "no-program")
  writeFileSync(file, "x", { mode: 0o644 })
  for (const [, args] of ways.slice(1)) {
    const missing = await halfkey.run([...args, ...development, "--", "no-such-program"])
    assert.deepEqual([missing.code, missing.stderr], [127, 'halfkey: the program "no-such-program" was not found\n'])
    for (const path of [file, halfkey.directory]) {
      const refused = await halfkey.run([...args, ...development, "--", path])
      assert.equal(refused.code, 126)
      assert.match(refused.stderr, /^halfkey: ".*" cannot be executed: EACCES\n$/)
    }
  }
})

test("1,000 secrets and more than variables can hold fit into the file; as variables they are refused with the largest", {
  skip: process.platform !== "linux" && "limits of Linux",
}, async () => {
  await halfkey.ok(["environments", "create", "many", "-q"])
  const { workspaceCRN, clientId, clientKey, apiKey, endpoint } = halfkey.profile()
  const secrets = new Secrets({ workspaceCRN, clientId, clientKey, apiKey, endpoint, environment: "many", env: {} })
  const names = Array.from({ length: 1000 }, (_, n) => `NAME_${n}`)
  const textOf = (name: string) => (name === "NAME_777" ? "x".repeat(4000) : name.padEnd(3000, "."))
  for (const half of [names.slice(0, 500), names.slice(500)]) {
    unwrap(await secrets.setMany(Object.fromEntries(half.map((name) => [name, textOf(name)]))))
  }
  await secrets.close()
  const script = `
    const values = JSON.parse(require("node:fs").readFileSync("m.json", "utf8"))
    console.log(Object.keys(values).length, values.NAME_999.length, values.NAME_777.length)`
  const mounted = ["run", "-e", "many", "--mount", "m.json", "--", process.execPath, "-e", script]
  assert.equal(await halfkey.ok(mounted), "1000 3000 4000\n")
  for (const args of [["run"], ["run", "--watch"]]) {
    const invocation = { shell: "ulimit -s 8192" }
    const { code, stderr } = await halfkey.run([...args, "-e", "many", "--", "true"], invocation)
    assert.equal(code, 125)
    assert.match(
      stderr,
      /^halfkey: nothing was started: arguments and variables take \d+ bytes together, the system allows 2097152; the largest is NAME_777 with 4010\n/,
    )
  }
})
