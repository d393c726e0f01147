/** Ctrl-Z, fg, bg and Ctrl-C in bash at a real terminal: a program of halfkey is a job like others. */
import assert from "node:assert/strict"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { fileURLToPath } from "node:url"
import { Installation } from "../../cli/src/testing/installation.ts"
import { noTmux, Screen } from "./tmux.ts"

const bin = fileURLToPath(new URL("../../cli/bin/halfkey.js", import.meta.url))
const skip = noTmux || (process.platform !== "linux" && "needs /proc")

/** Tells what it gets, and whether its process group is the one in the foreground. Waits for a second SIGINT, which must not come. */
const program = `
  const { readFileSync } = require("node:fs")
  const isFront = () => {
    const stat = readFileSync("/proc/self/stat", "latin1")
    const [, , group, , , front] = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    return group === front ? "front" : "back"
  }
  let continued = 0, interrupted = 0
  process.on("SIGCONT", () => { continued += 1; console.log("continued", continued, isFront()) })
  process.on("SIGINT", () => { if (interrupted++ === 0) setTimeout(() => process.exit(40 + interrupted), 200) })
  setInterval(() => {}, 1000)
  console.log("started", process.pid, process.ppid, isFront())`

const halfkey = new Installation()
before(async () => {
  if (skip) return
  await halfkey.up()
  await halfkey.ok(["set", "A", "-e", "development", "-q"], { stdin: "1" })
  writeFileSync(join(halfkey.directory, "program.js"), program)
})
after(() => halfkey.dispose())

const stateOf = (pid: number) => {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
  return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3)
}

async function untilStopped(pids: readonly number[]): Promise<void> {
  // Nobody is told when a process of others stops.
  while (!pids.every((pid) => stateOf(pid) === "T")) await new Promise((resolve) => setTimeout(resolve, 20))
}

for (const { command, isBeside } of [
  { command: "run", isBeside: false },
  { command: "run --watch", isBeside: true },
  { command: "run --mount m.json", isBeside: true },
  { command: "watch", isBeside: true },
]) {
  test(`halfkey ${command}: stopped, continued behind and in front, and interrupted once`, { skip }, async (t) => {
    const screen = await Screen.open(100, halfkey.env(), halfkey.directory)
    t.after(() => screen.close())
    const enter = async (line: string) => {
      await screen.type(line)
      await screen.press("Enter")
    }
    await enter("PS1='% ' exec bash --norc --noprofile")
    await screen.until("\n% ")
    await enter(`'${process.execPath}' '${bin}' ${command} -e development -- '${process.execPath}' program.js`)
    await screen.until("started ")
    const shown = await screen.shown()
    const [, own = "", parent = "", place] = /^started (\d+) (\d+) (\w+)$/m.exec(shown) ?? assert.fail(shown)
    assert.equal(place, "front")
    const pids = isBeside ? [Number(own), Number(parent)] : [Number(own)]
    assert.ok(isBeside === readFileSync(`/proc/${parent}/cmdline`, "latin1").includes("halfkey.js"))
    await screen.press("C-z")
    await untilStopped(pids)
    await enter("fg")
    await screen.until("continued 1 front")
    await screen.press("C-z")
    await untilStopped(pids)
    await enter("bg")
    await screen.until("continued 2 back")
    await enter("jobs")
    await screen.until("Running ")
    await enter("fg")
    await screen.until("\n% fg\n")
    await screen.press("C-c")
    await enter("echo code $?")
    await screen.until("code 41")
  })
}
