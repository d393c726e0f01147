/** Command lines that are wrong, outputs that nobody reads or that are full, and nobody there to be asked. */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { after, before, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { unwrap } from "halfkey/secrets"
import { cliProgram, plainEnvironment } from "../crash/commands.ts"
import { track } from "../crash/server-process.ts"
import { requireDecentText, Workplace } from "./workplace.ts"

/** A list that is longer than any pipe holds. */
const manyNames = Array.from({ length: 500 }, (_, index) => `${"N".repeat(245)}_${String(index).padStart(4, "0")}`)

let workplace: Workplace
before(async () => {
  workplace = await Workplace.open()
  const options = { environment: "production" }
  unwrap(await workplace.secrets.setMany(Object.fromEntries(manyNames.map((name) => [name, "x"])), options))
})
after(() => workplace.close())

for (const [parameters, stderr] of [
  [["frobnicate"], "halfkey: unknown command 'frobnicate'\n  try: halfkey --help\n"],
  [["gte", "KEPT"], "halfkey: unknown command 'gte'\n  try: did you mean get?\n"],
  [["secret", "list"], "halfkey: unknown command 'secret'\n  try: did you mean secrets?\n"],
  [["secrets", "gett", "KEPT"], "halfkey: unknown command 'gett'\n  try: did you mean get?\n"],
  [["list", "--bogus"], "halfkey: unknown option '--bogus'\n  try: halfkey list --help\n"],
  [["--bogus"], "halfkey: unknown option '--bogus'\n  try: halfkey --help\n"],
  [["list", "--environmnt", "x"], /^halfkey: unknown option '--environmnt'\n {2}try: did you mean --environment\?\n$/],
  [["list", "-e"], /^halfkey: option '-e, --environment <name>' argument missing\n {2}try: halfkey list --help\n$/],
  [
    ["list", "-o", "xml"],
    /^halfkey: option '-o, --output <format>' argument 'xml' is invalid\. Allowed choices are table, json, yaml, tsv\n {2}try: halfkey list --help\n$/,
  ],
  [["whoami", "-o", "env"], /argument 'env' is invalid/],
  [["get", "A", "B", "-e", "development"], /^halfkey: too many arguments for 'get'.*\n {2}try: halfkey get --help\n$/],
  [["get", "-e", "development"], "halfkey: no secret was named\n  try: add a NAME, such as DATABASE_URL\n"],
  [["get", "A", "-n", "A", "-e", "development"], "halfkey: name the secret once: as NAME or by --name\n"],
  [["get", "A", "--version-number", "x"], 'halfkey: --version-number takes a whole number, got "x"\n'],
  [["set", "A", "--if-version", "-1"], /^halfkey: (unknown option '-1'|--if-version takes a whole number, got "-1")\n/],
  [["clients", "create"], "halfkey: missing required argument 'name'\n  try: halfkey clients create --help\n"],
  [["clients", "revoke", "nobody"], /^halfkey: not a client id: .*\n {2}try: halfkey clients list\n$/],
  [["keys", "revoke", "nothing"], /^halfkey: not the id of an API key: .*\n {2}try: halfkey keys list\n$/],
  [["keys", "create", "x", "--role", "root"], /^halfkey: .*\n {2}try: /],
  [["environments", "create", "Not A Name"], /^halfkey: not an environment name: .*\n {2}try: /],
  [["up", "--port", "abc"], /^halfkey: --port is not usable: it must be a whole number from 0 to 65535\n {2}try: /],
  [["up", "--port", "65536"], /^halfkey: --port is not usable: /],
  [["init"], "halfkey: no server was named\n  try: --endpoint https://halfkey.example.com\n"],
] as [string[], string | RegExp][]) {
  test(`halfkey ${parameters.join(" ")}`, () => workplace.refused(parameters, { exit: 2, stderr }))
}

test("a noun alone and an option alone show the help, on stderr, as a usage error", async () => {
  for (const parameters of [["secrets"], ["keys"], ["-e", "development"]]) {
    await workplace.refused(parameters, { exit: 2, stderr: /^Usage: halfkey / })
  }
})

test("an environment that is there already", () =>
  workplace.refused(["environments", "create", "development"], {
    exit: 5,
    stderr: /^halfkey: .*development.*\n {2}try: /,
    asksServer: true,
  }))

test("nobody to ask: a deletion without -y, a value and a setup token without a terminal", async () => {
  const stderr = "halfkey: KEPT was not deleted: nobody can be asked here\n  try: the same with -y\n"
  await workplace.refused(["delete", "KEPT", "-e", "development"], { exit: 2, stderr, input: "y\n" })
  await workplace.refused(["delete", "KEPT", "-e", "development", "--no-input"], { exit: 2, stderr })
  await workplace.refused(["set", "KEPT", "-e", "development", "--no-input"], {
    exit: 2,
    stderr: "halfkey: stdin was empty, so KEPT was not changed\n  try: --allow-empty, if the empty value is meant\n",
  })
  await workplace.refused(["init", "--endpoint", workplace.endpoint, "--save-profile", "x"], {
    exit: 2,
    stderr: "halfkey: no setup token was given\n  try: --setup-token-file FILE\n",
  })
})

/** Exit code of a pipe's first command, not of its last. */
const ofFirst = "exit $PIPESTATUS"

/** Runs a line of bash, in which `halfkey` is the command. */
async function shell(line: string): Promise<{ status: number; stdout: string; stderr: string }> {
  const script = `halfkey() { "$NODE" "$PROGRAM" "$@"; }; ${line}`
  const env = { ...plainEnvironment, ...workplace.env, NODE: process.execPath, PROGRAM: cliProgram }
  const child = track(spawn("bash", ["-c", script], { cwd: workplace.cwd, env, stdio: ["ignore", "pipe", "pipe"] }))
  let stdout = ""
  let stderr = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text
  })
  const [status] = (await once(child, "close")) as [number]
  return { status, stdout, stderr }
}

test("a reader that leaves: silence, and the exit code of SIGPIPE", async () => {
  assert.deepEqual(await shell(`halfkey list -e production | head -1 | cut -c 1-3; ${ofFirst}`), {
    status: 141,
    stdout: "NNN\n",
    stderr: "",
  })
  assert.deepEqual(await shell(`halfkey list -e production -o json | head -c 1; ${ofFirst}`), {
    status: 141,
    stdout: "[",
    stderr: "",
  })
})

test("a reader that is slow gets everything, byte for byte", async () => {
  const whole = (await workplace.ok(["list", "-e", "production"])).toString()
  assert.equal(whole.split("\n").length, manyNames.length + 1)
  const slow = "while IFS= read -r line; do printf '%s\\n' \"$line\"; done"
  assert.deepEqual(await shell(`halfkey list -e production | (sleep 0.2; ${slow}); ${ofFirst}`), {
    status: 0,
    stdout: whole,
    stderr: "",
  })
})

test("an output that is full", async () => {
  const { status, stderr, stdout } = await shell("halfkey get KEPT -e development > /dev/full")
  assert.deepEqual(
    { status, stdout, stderr },
    {
      status: 1,
      stdout: "",
      stderr:
        "halfkey: the output could not be written: ENOSPC\n  try: what was written is incomplete: make room, or write elsewhere, and run the same again\n",
    },
  )
  requireDecentText(stderr)
  // Nothing can be said, and the code still tells.
  assert.equal((await shell("halfkey get ABSENT -e development 2> /dev/full")).status, 3)
})

test("an input that ends in the middle is what arrived; one that never ends can be interrupted", async () => {
  const env = { ...plainEnvironment, ...workplace.env }
  const parameters = [cliProgram, "set", "NEVER", "-e", "development"]
  const child = track(spawn(process.execPath, parameters, { cwd: workplace.cwd, env, stdio: ["pipe", "pipe", "pipe"] }))
  child.stdin.write("half a val")
  const before = workplace.everything()
  // Long enough to be reading; killed too early it would have written nothing either.
  await sleep(300)
  child.kill("SIGTERM")
  const [status, signal] = await once(child, "close")
  assert.deepEqual({ status, signal }, { status: null, signal: "SIGTERM" })
  assert.deepEqual(workplace.everything(), before)
})
