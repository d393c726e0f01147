/** `halfkey run`: variables, signals, exit codes and limits, by the real command on a real server. */
import assert from "node:assert/strict"
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { constants } from "node:os"
import { join } from "node:path"
import { text as textOf } from "node:stream/consumers"
import { after, before, test } from "node:test"
import { Secrets, unwrap } from "halfkey/secrets"
import { Installation, type Outcome } from "../testing/installation.ts"

const halfkey = new Installation()
before(() => halfkey.up())
after(() => halfkey.dispose())

const printEnvironment = ["--", process.execPath, "-p", "JSON.stringify(process.env)"]
const set = (name: string, stdin: string | Uint8Array, environment: string) =>
  halfkey.ok(["set", name, "-e", environment, "-q", "--keep-newline"], { stdin })
const make = (environment: string) => halfkey.ok(["environments", "create", environment, "-q"])
const variablesOf = ({ stdout }: Pick<Outcome, "stdout">): Record<string, string> => JSON.parse(stdout)

test("the program gets every secret exactly, over what it inherits", async () => {
  await set("PLAIN", "value", "development")
  await set("LINES", "a\nb\n$HOME 'x' \"y\" 😀\n", "development")
  const outcome = await halfkey.run(["run", "-e", "development", ...printEnvironment], {
    env: { PLAIN: "old", KEPT: "1" },
  })
  const variables = variablesOf(outcome)
  assert.equal(outcome.stderr, "")
  assert.equal(variables["PLAIN"], "value")
  assert.equal(variables["LINES"], "a\nb\n$HOME 'x' \"y\" 😀\n")
  assert.equal(variables["KEPT"], "1")
})

test("no credential of ours reaches the program", async () => {
  const env = {
    ...halfkey.variables(),
    HALFKEY_ROOT_KEY: "x",
    HALFKEY_DATABASE_URL: "postgres://u:p@h/d",
    HALFKEY_CONFIG_DIR: join(halfkey.directory, "none"),
  }
  const outcome = await halfkey.run(["run", "-e", "development", ...printEnvironment], { env })
  const variables = variablesOf(outcome)
  assert.equal(variables["PLAIN"], "value")
  const ours = Object.keys(variables).filter(
    (name) => name.startsWith("CS_") || name === "HALFKEY_ROOT_KEY" || name === "HALFKEY_DATABASE_URL",
  )
  assert.deepEqual(ours, [])
  const { clientKey = "", apiKey = "" } = halfkey.profile()
  assert.ok(!outcome.stdout.includes(clientKey) && !outcome.stdout.includes(apiKey))
})

test("stdin, stdout and stderr are the program's own", async () => {
  const { code, stdout, stderr } = await halfkey.run(
    ["run", "-e", "development", "--", "sh", "-c", "cat; echo err >&2"],
    { stdin: "through\n" },
  )
  assert.deepEqual([code, stdout, stderr], [0, "through\n", "err\n"])
})

test("arguments arrive as they are, with and without --", async () => {
  const script = ["-e", "console.log(JSON.stringify(process.argv.slice(1)))", "--", "-e", "a b", "$X", ""]
  for (const line of [
    ["--", process.execPath, ...script],
    [process.execPath, ...script],
  ]) {
    const { stdout } = await halfkey.run(["run", "-e", "development", ...line])
    assert.deepEqual(JSON.parse(stdout), ["-e", "a b", "$X", ""])
  }
})

test("the exit code is the program's own", async () => {
  for (const code of [0, 1, 7, 125, 255]) {
    assert.equal((await halfkey.run(["run", "-e", "development", "--", "sh", "-c", `exit ${code}`])).code, code)
  }
})

test("128+n when a signal ended the program", async () => {
  for (const [signal, code] of [
    ["TERM", 143],
    ["KILL", 137],
    ["INT", 130],
    ["SEGV", 139],
  ] as const) {
    const outcome = await halfkey.run(["run", "-e", "development", "--", "sh", "-c", `kill -${signal} $$`])
    assert.equal(exitCode(outcome), code, signal)
  }
})

test("127 when the program is not found, 126 when it cannot be executed", async () => {
  const missing = await halfkey.run(["run", "-e", "development", "--", "no-such-program"])
  assert.deepEqual([missing.code, missing.stderr], [127, 'halfkey: the program "no-such-program" was not found\n'])
  const path = join(halfkey.directory, "no-program")
  writeFileSync(path, "x", { mode: 0o644 })
  for (const file of [path, halfkey.directory]) {
    const refused = await halfkey.run(["run", "-e", "development", "--", file])
    assert.equal(refused.code, 126)
    assert.match(refused.stderr, /^halfkey: ".*" cannot be executed: EACCES\n$/)
  }
})

test("125 for every failure of halfkey itself, and nothing is started", async () => {
  const touch = ["--", "touch", join(halfkey.directory, "started")]
  const failures: readonly (readonly [readonly string[], RegExp, Record<string, string>?])[] = [
    [["run", "-e", "nowhere", ...touch], /there is no environment nowhere/],
    [["run", ...touch], /no environment was named/],
    [["run", "-e", "development"], /no program was named/],
    [["run", "-e", "development", "--", ""], /no program was named/],
    [["run", "--foo", "-e", "development", ...touch], /unknown option '--foo'/],
    [["run", "-e", "development", "--endpoint", "http://127.0.0.1:1", ...touch], /cannot be reached: ECONNREFUSED/],
    [["run", "-e", "development", "--profile", "nobody", ...touch], /there is no profile nobody/],
    [
      ["run", "-e", "development", ...touch],
      /CS_WORKSPACE_CRN|not a workspace CRN/,
      { ...halfkeyVariables(), CS_WORKSPACE_CRN: "crn:x" },
    ],
    [["run", "-e", "development", ...touch], /CS_CLIENT_KEY/, { ...halfkeyVariables(), CS_CLIENT_KEY: "hkck_typo" }],
  ]
  for (const [args, reason, env] of failures) {
    const { code, stdout, stderr } = await halfkey.run(args, env ? { env } : {})
    assert.deepEqual([code, stdout], [125, ""], stderr)
    assert.match(stderr, reason)
    assert.match(stderr, /^halfkey: .*\n {2}try: /)
  }
  assert.equal(
    (await halfkey.run(["run", "-e", "development", "--", "test", "-e", join(halfkey.directory, "started")])).code,
    1,
  )
})

function halfkeyVariables(): Record<string, string> {
  return halfkey.variables()
}

test("signals are passed on, and the program decides what they do", async () => {
  const script = `
    for (const signal of ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGINT", "SIGQUIT"]) process.on(signal, () => console.log(signal))
    process.stdin.resume(); setInterval(() => {}, 1000)
    process.on("SIGALRM", () => process.exit(9))
    console.log("ready")`
  const child = halfkey.spawn(["run", "-e", "development", "--", process.execPath, "-e", script])
  const lines = linesOf(child.stdout)
  assert.equal(await lines(), "ready")
  for (const signal of ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGINT", "SIGQUIT"] as const) {
    child.kill(signal)
    assert.equal(await lines(), signal)
  }
  child.kill("SIGALRM")
  assert.deepEqual(await once(child, "close"), [9, null])
})

test("a signal that ends the program ends run with 128+n", async () => {
  const child = halfkey.spawn([
    "run",
    "-e",
    "development",
    "--",
    process.execPath,
    "-e",
    "console.log('ready'); setInterval(() => {}, 1000)",
  ])
  assert.equal(await linesOf(child.stdout)(), "ready")
  child.kill("SIGTERM")
  const [code, signal] = await once(child, "close")
  assert.equal(exitCode({ code, signal }), 143)
})

/** As a shell shows it, whether the signal ended the process itself or it reports one. */
function exitCode({ code, signal }: Pick<Outcome, "code" | "signal">): number | undefined {
  return signal === null ? (code ?? undefined) : 128 + constants.signals[signal]
}

test("the program takes the place of this process, with nothing ignored and nothing left open", async () => {
  const status = "echo $$; grep SigIgn /proc/self/status; ls /proc/self/fd"
  // Whatever the test's own process ignores or holds open is inherited by both.
  const inherited = await halfkey.run(["-c", status], { shell: `set -- sh -c '${status}'` })
  const child = halfkey.spawn(["run", "-e", "development", "--", "sh", "-c", status])
  const [pid, ...lines] = (await textOf(child.stdout)).split("\n")
  assert.equal(Number(pid), child.pid)
  assert.deepEqual(lines, inherited.stdout.split("\n").slice(1))
})

test("what is too large for an easy start, or has an odd name, is started all the same", async () => {
  const script = ["-e", "console.log(process.argv.length)"]
  for (const count of [1, 2000]) {
    const args = Array.from({ length: count }, () => "x".repeat(100))
    const { stdout } = await halfkey.run(["run", "-e", "development", "--", process.execPath, ...script, "--", ...args])
    assert.equal(stdout, `${count + 1}\n`)
  }
  const odd = join(halfkey.directory, "a=b")
  writeFileSync(odd, "#!/bin/sh\necho odd", { mode: 0o755 })
  assert.equal((await halfkey.run(["run", "-e", "development", "--", odd])).stdout, "odd\n")
  const noInterpreter = join(halfkey.directory, "no-interpreter")
  writeFileSync(noInterpreter, "#!/no/such/shell\n", { mode: 0o755 })
  assert.equal((await halfkey.run(["run", "-e", "development", "--", noInterpreter])).code, 127)
})

test("the program is in the same process group", async () => {
  const { stdout } = await halfkey.run([
    "run",
    "-e",
    "development",
    "--",
    "sh",
    "-c",
    "cut -d' ' -f5 /proc/$$/stat /proc/$PPID/stat",
  ])
  const [own, parents] = stdout.trim().split(/\s+/)
  assert.equal(own, parents)
})

test("names that no variable can have are left out with one note", async () => {
  await make("names")
  for (let n = 0; n < 12; n++) await set(`pay/key${String(n).padStart(2, "0")}`, "x", "names")
  await set("GOOD", "1", "names")
  const outcome = await halfkey.run(["run", "-e", "names", ...printEnvironment])
  assert.equal(outcome.code, 0)
  assert.equal(variablesOf(outcome)["GOOD"], "1")
  const listed = Array.from({ length: 10 }, (_, n) => `pay/key0${n}`).join(", ")
  assert.equal(outcome.stderr, `halfkey: left out, since no variable can have the name: ${listed} and 2 more\n`)
  assert.equal((await halfkey.run(["run", "-q", "-e", "names", "--", "true"])).stderr, "")
})

test("names that change how programs load need to be allowed", async () => {
  await make("dangerous")
  await set("LD_PRELOAD", "/nowhere.so", "dangerous")
  await set("PATH", "/bin:/usr/bin", "dangerous")
  const refused = await halfkey.run(["run", "-e", "dangerous", "--", "true"])
  assert.equal(refused.code, 125)
  assert.match(
    refused.stderr,
    /LD_PRELOAD makes the dynamic linker load other libraries; PATH decides which programs are found/,
  )
  assert.match(refused.stderr, /\n {2}try: if that is meant: --allow-name LD_PRELOAD --allow-name PATH\n$/)
  const half = await halfkey.run(["run", "-e", "dangerous", "--allow-name", "PATH", "--", "true"])
  assert.equal(half.code, 125)
  const allowed = await halfkey.run([
    "run",
    "-e",
    "dangerous",
    "--allow-name",
    "PATH",
    "--allow-name",
    "LD_PRELOAD",
    "--",
    "sh",
    "-c",
    "echo $PATH",
  ])
  assert.deepEqual([allowed.code, allowed.stdout], [0, "/bin:/usr/bin\n"])
})

test("values that no variable can hold are refused by name", async () => {
  await make("binary")
  await set("BIN", Buffer.of(0xc3, 0x28), "binary")
  const { code, stderr } = await halfkey.run(["run", "-e", "binary", "--", "true"])
  assert.equal(code, 125)
  assert.match(stderr, /^halfkey: a variable cannot hold the value of BIN: it is no UTF-8 text\n/)
})

test("1,000 secrets in one go", async () => {
  await make("many")
  const secrets = new Secrets({ ...sdkOptions(), environment: "many" })
  const names = Array.from({ length: 1000 }, (_, n) => `NAME_${n}`)
  for (const half of [names.slice(0, 500), names.slice(500)]) {
    unwrap(await secrets.setMany(Object.fromEntries(half.map((name) => [name, `value of ${name}`]))))
  }
  await secrets.close()
  const variables = variablesOf(await halfkey.run(["run", "-e", "many", ...printEnvironment]))
  for (const name of names) assert.equal(variables[name], `value of ${name}`)
})

test("too much for the system is told before the start, with the largest name", async () => {
  await make("large")
  const secrets = new Secrets({ ...sdkOptions(), environment: "large" })
  const sized = (n: number): [string, string] => [`BIG_${n}`, "x".repeat(n === 17 ? 60_001 : 60_000)]
  unwrap(await secrets.setMany(Object.fromEntries(Array.from({ length: 40 }, (_, n) => sized(n)))))
  await secrets.close()
  // 40 times 60,000 bytes are above the 2 MiB that a stack of 8 MiB allows.
  const { code, stderr } = await halfkey.run(["run", "-e", "large", "--", "true"], { shell: "ulimit -s 8192" })
  assert.equal(code, 125)
  const reason =
    /^halfkey: nothing was started: arguments and variables take \d+ bytes together, the system allows 2097152; the largest is BIG_17 with 60009\n/
  if (process.platform === "linux") assert.match(stderr, reason)
})

function sdkOptions() {
  const { workspaceCRN, clientId, clientKey, apiKey, endpoint } = halfkey.profile()
  return { workspaceCRN, clientId, clientKey, apiKey, endpoint, env: {} }
}

/** Gives one line after the other. */
function linesOf(stream: NodeJS.ReadableStream): () => Promise<string> {
  const iterator = stream[Symbol.asyncIterator]()
  let buffered = ""
  return async () => {
    while (!buffered.includes("\n")) {
      const { value, done } = await iterator.next()
      assert.ok(!done, "the output ended")
      buffered += String(value)
    }
    const end = buffered.indexOf("\n")
    const line = buffered.slice(0, end)
    buffered = buffered.slice(end + 1)
    return line
  }
}
