/** `halfkey watch` and `run --watch`: what changes is seen by the real command on a real server, and the program gets it. */
import assert from "node:assert/strict"
import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { Installation } from "../testing/installation.ts"
import { Lines } from "../testing/lines.ts"

const halfkey = new Installation()
before(async () => {
  await halfkey.up()
  for (const environment of ["base", "shut", "cut"]) await halfkey.ok(["environments", "create", environment, "-q"])
})
const children = new Set<ChildProcess>()
after(async () => {
  for (const child of children) child.kill("SIGKILL")
  await halfkey.dispose()
})

const set = (name: string, stdin: string, environment = "development") =>
  halfkey.ok(["set", name, "-e", environment, "-q"], { stdin })
const often = ["--interval", "100ms"]

/** Starts it, with what it says line by line. */
function started(args: readonly string[], env?: Record<string, string>) {
  const child = halfkey.spawn(args, env)
  children.add(child)
  const ended = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>
  return { child, out: new Lines(child.stdout), err: new Lines(child.stderr), ended }
}

/** Prints a line with the variable, and goes on. */
const server = (name: string) => ["--", process.execPath, "-e", `${serving(name)}`]
const serving = (name: string) => `console.log(process.pid, process.env.${name}); setInterval(() => {}, 1000)`

test("without a program: names of what is written and deleted, a line each; the same value again is no change", async () => {
  await set("W_OLD", "1")
  await set("W_SAME", "same")
  const { child, out, err, ended } = started(["watch", "-e", "development", ...often, "--only", "W_*"])
  assert.match(await err.next(), /^halfkey: watching 2 secrets of development$/)
  await set("W_SAME", "same")
  await set("W_OLD", "2")
  assert.equal(await out.next(), "W_OLD")
  await set("OTHER", "x")
  await set("W_NEW", "x")
  assert.equal(await out.next(), "W_NEW")
  await halfkey.ok(["delete", "W_OLD", "-e", "development", "-y", "-q"])
  assert.equal(await out.next(), "W_OLD")
  child.kill("SIGINT")
  assert.deepEqual(await ended, [null, "SIGINT"])
})

test("-o json: an object a line, of the environment that counts", async () => {
  await set("L_A", "of base", "base")
  await set("L_B", "of base", "base")
  const args = ["watch", "-e", "base", "-e", "staging", ...often, "-o", "json", "--only", "L_A,L_B"]
  const { child, out, err, ended } = started(args)
  assert.match(await err.next(), /^halfkey: watching 2 secrets of base, staging$/)
  await set("L_A", "of staging", "staging")
  assert.deepEqual(JSON.parse(await out.next()), { name: "L_A", environment: "staging", change: "changed", version: 1 })
  await halfkey.ok(["delete", "L_B", "-e", "base", "-y", "-q"])
  assert.deepEqual(JSON.parse(await out.next()), { name: "L_B", environment: "base", change: "deleted", version: null })
  child.kill("SIGTERM")
  await ended
})

test("what stands for nothing, and what is for a program only, is a usage error", async () => {
  for (const [args, told] of [
    [["--signal", "HUP"], "--signal is for a program, and none was named"],
    [["--expand"], "--expand is for a program, and none was named"],
    [["--interval", "1", "--", "true"], '--interval cannot be "1"'],
    [["--interval", "99ms"], '--interval cannot be "99ms"'],
    [["--signal", "KILL", "--", "true"], 'no program can act on the --signal "KILL"'],
    [["--signal", "NOPE", "--", "true"], 'no program can act on the --signal "NOPE"'],
    [["-o", "json", "--", "true"], "with a program, what is printed is the program's"],
  ] as const) {
    const { code, stdout, stderr } = await halfkey.run(["watch", "-e", "development", ...args])
    assert.deepEqual([code, stdout, stderr.split("\n")[0]], [2, "", `halfkey: ${told}`])
  }
  const refused = await halfkey.run(["run", "-e", "development", "--signal", "HUP", "--", "true"])
  assert.equal(refused.code, 125)
  assert.match(refused.stderr, /^halfkey: --signal and --interval are for --watch\n {2}try: --watch --signal HUP\n$/)
  const absent = await halfkey.run(["watch", "-e", "development", "--only", "ABSENT"])
  assert.deepEqual([absent.code, absent.stdout], [3, ""])
})

test("run --watch: started again with what there is then, and its end is the end", async () => {
  await set("R", "one")
  const { child, out, err, ended } = started([
    "run",
    "--watch",
    ...often,
    "-e",
    "development",
    "--only",
    "R",
    ...server("R"),
  ])
  const [first = "", one] = (await out.next()).split(" ")
  assert.equal(one, "one")
  await set("R", "two")
  assert.equal(await err.next(), "halfkey: changed in development: R; the program is started again")
  const [second = "", two] = (await out.next()).split(" ")
  assert.equal(two, "two")
  assert.notEqual(first, second)
  // Not two at a time: the first one has ended.
  assert.throws(() => process.kill(Number(first), 0), { code: "ESRCH" })
  process.kill(Number(second), "SIGKILL")
  assert.deepEqual(await ended, [137, null])
  assert.ok(child.pid !== undefined)
})

test("run --watch passes the program's own exit code and signals", async () => {
  const { code } = await halfkey.run(["run", "--watch", "-e", "development", "--", "sh", "-c", "exit 7"])
  assert.equal(code, 7)
  const script = `process.on("SIGTERM", () => process.exit(9)); ${serving("R")}`
  const { child, out, ended } = started(["run", "--watch", "-e", "development", "--", process.execPath, "-e", script])
  await out.next()
  child.kill("SIGTERM")
  assert.deepEqual(await ended, [9, null])
})

test("--signal: the program lives on, and gets it", async () => {
  await set("S", "one")
  const script = `process.on("SIGHUP", () => console.log("HUP", process.env.S)); ${serving("S")}`
  const { child, out, ended } = started([
    ...["watch", ...often, "-e", "development", "--only", "S", "--signal", "hup"],
    ...["--", process.execPath, "-e", script],
  ])
  const [pid] = (await out.next()).split(" ")
  await set("S", "two")
  // The variables of a program that runs cannot change.
  assert.equal(await out.next(), "HUP one")
  process.kill(Number(pid), 0)
  child.kill("SIGTERM")
  assert.deepEqual(await ended, [143, null])
})

test("a program that keeps dying is started again, later each time; one that ended well, at the next change", async () => {
  await set("D", "dying")
  const script = `if (process.env.D !== "dying") { console.log("well"); process.exit(0) } process.exit(5)`
  const { child, out, err, ended } = started([
    ...["watch", ...often, "-e", "development", "--only", "D"],
    ...["--", process.execPath, "-e", script],
  ])
  assert.equal(await err.next(), "halfkey: the program ended with 5; it is started again in 1 s")
  assert.equal(await err.next(), "halfkey: the program ended with 5; it is started again in 2 s")
  await set("D", "living")
  assert.equal(await out.next(), "well")
  await err.until(/^halfkey: the program has ended well; it is started again when a secret changes$/)
  await set("D", "living still")
  assert.equal(await out.next(), "well")
  child.kill("SIGINT")
  assert.deepEqual(await ended, [130, null])
})

test("Ctrl-C and SIGTERM end both", async () => {
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    const { child, out, ended } = started(["watch", "-e", "development", ...server("R")])
    const [pid] = (await out.next()).split(" ")
    child.kill(signal)
    assert.deepEqual(await ended, [code, null])
    assert.throws(() => process.kill(Number(pid), 0), { code: "ESRCH" })
  }
})

test("a program that cannot be started ends it with 127 and 126", async () => {
  const missing = await halfkey.run(["watch", "-e", "development", "--", "no-such-program"])
  assert.deepEqual([missing.code, missing.stderr], [127, 'halfkey: the program "no-such-program" was not found\n'])
  const refused = await halfkey.run(["run", "--watch", "-e", "development", "--", halfkey.directory])
  assert.equal(refused.code, 126)
})

test("what no variable can hold is told, and the program goes on as it is", async () => {
  await set("B", "text")
  const { child, out, err, ended } = started(["watch", ...often, "-e", "development", "--only", "B", ...server("B")])
  const line = await out.next()
  await halfkey.ok(["set", "B", "-e", "development", "-q", "--value-file", "-"], { stdin: Buffer.of(0xc3, 0x28) })
  assert.equal(
    await err.next(),
    "halfkey: the change is not used: a variable cannot hold the value of B: it is no UTF-8 text",
  )
  process.kill(Number(line.split(" ")[0]), 0)
  await set("B", "text again")
  assert.match(await out.next(), / text again$/)
  child.kill("SIGTERM")
  await ended
})

test("an outage is told once and survived, and what changed meanwhile arrives", async () => {
  await set("N", "before", "cut")
  await halfkey.stop()
  const up = await halfkey.up()
  const { child, out, err, ended } = started(["watch", ...often, "-e", "cut", ...server("N")], {
    ...halfkey.variables(),
    CS_ENDPOINT: up.endpoint,
  })
  assert.match(await out.next(), / before$/)
  const port = new URL(up.endpoint).port
  await halfkey.stop()
  assert.match(
    await err.next(),
    /^halfkey: .*127\.0\.0\.1:\d+ cannot be reached.*; halfkey goes on looking for changes$/,
  )
  await halfkey.up({ HALFKEY_PORT: port })
  await set("N", "after", "cut")
  assert.equal(await err.until(/./), "halfkey: the server answers again")
  assert.match(await out.next(), / after$/)
  child.kill("SIGTERM")
  assert.deepEqual(await ended, [143, null])
  await halfkey.stop()
  await halfkey.up()
})

test("when access is refused the program is ended: 4 for watch, 125 for run", async () => {
  await set("A", "1", "shut")
  const watching = started(["watch", ...often, "-e", "shut", ...server("A")])
  const running = started(["run", "--watch", ...often, "-e", "shut", ...server("A")])
  const names = started(["watch", ...often, "-e", "shut"])
  const pids = [await watching.out.next(), await running.out.next()].map((line) => Number(line.split(" ")[0]))
  await names.err.next()
  await halfkey.ok(["environments", "disable", "shut", "-y", "-q"])
  assert.deepEqual(await watching.ended, [4, null])
  assert.deepEqual(await running.ended, [125, null])
  assert.deepEqual(await names.ended, [4, null])
  assert.equal(await watching.err.next(), "halfkey: access is refused, so the program is ended")
  assert.match(await watching.err.next(), /^halfkey: .*disabled/)
  assert.match(await names.err.next(), /^halfkey: .*disabled/)
  for (const pid of pids) assert.throws(() => process.kill(pid, 0), { code: "ESRCH" })
})

test("a reader of the names that goes away ends it", async () => {
  const { code, stdout } = await new Promise<{ code: number | null; stdout: string }>((resolve, reject) => {
    const { child, err } = started(["watch", ...often, "-e", "base"])
    err
      .next()
      .then(async () => {
        child.stdout.destroy()
        await set("PIPE", "1", "base")
      })
      .catch(reject)
    child.on("exit", (exit) => resolve({ code: exit, stdout: "" }))
  })
  assert.deepEqual([code, stdout], [141, ""])
})

test("nothing of ours is in the arguments and variables of the two processes, but in the program what it is to have", {
  skip: process.platform !== "linux" && "needs /proc",
}, async () => {
  await set("P", "canary-51aa")
  const { child, out, ended } = started(["watch", ...often, "-e", "development", ...server("P")], halfkey.variables())
  const pid = Number((await out.next()).split(" ")[0])
  const seen = (of: number, what: string) => readFileSync(join("/proc", String(of), what), "latin1")
  const { clientKey = "", apiKey = "" } = halfkey.profile()
  for (const text of [seen(pid, "environ"), seen(pid, "cmdline"), seen(child.pid ?? 0, "cmdline")]) {
    assert.ok(!text.includes(clientKey) && !text.includes(apiKey) && !/\bCS_/.test(text))
  }
  assert.ok(seen(pid, "environ").includes("canary-51aa"))
  assert.ok(!seen(child.pid ?? 0, "environ").includes("canary-51aa"))
  child.kill("SIGTERM")
  assert.deepEqual(await ended, [143, null])
})
