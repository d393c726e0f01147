/** What `npm start` does beyond the first time: again, elsewhere, twice, stopped and killed. */
import assert from "node:assert/strict"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { files } from "../bad-input/workplace.ts"
import { halfkey } from "../crash/commands.ts"
import { freePort, UpProcess } from "../crash/up-process.ts"

const root = join(import.meta.dirname, "../..")
const folder = mkdtempSync(join(tmpdir(), "halfkey-first-minute-"))
const started: UpProcess[] = []
after(async () => {
  for (const each of started) await each.killGroup()
  rmSync(folder, { recursive: true, force: true })
})

const env = {
  HOME: folder,
  HALFKEY_DATA_DIR: join(folder, "data"),
  HALFKEY_CONFIG_DIR: join(folder, "config"),
  HALFKEY_PORT: String(await freePort()),
}
const endpoint = `http://127.0.0.1:${env.HALFKEY_PORT}`

/** Starts it as the README says, and waits until it has said everything. */
async function npmStart(
  more: Readonly<Record<string, string>> = {},
  command: readonly [string, ...string[]] = ["npm", "start"],
): Promise<UpProcess> {
  const up = new UpProcess({ command, cwd: root, env: { ...env, ...more } })
  started.push(up)
  const done = /Ctrl-C stops the server|halfkey: workspace crn:|it serves all the same|is running already/
  assert.ok(await up.until(() => done.test(up.stderr)), up.output)
  return up
}

async function cli(parameters: readonly string[], input = ""): Promise<string> {
  const { status, stderr, stdout } = await halfkey(parameters, { env, cwd: folder, input })
  assert.equal(status, 0, stderr)
  return stdout.toString()
}

/** Everything that makes the machine's identity; not what grows by use. */
const identity = () => files(folder, (path) => /root\.key$|profiles\/|default-profile$/.test(path))

/** What npm calls, without npm and its shell, whose exit codes are their own. */
const setup = [process.execPath, "tools/setup.mjs", "cli/bin/halfkey.js", "up"] as const

/** Nothing is left, and the server had the time to put everything into its database. */
async function requireGracefulEnd(up: UpProcess, what: string): Promise<void> {
  await up.groupGone()
  assert.equal(existsSync(join(env.HALFKEY_DATA_DIR, "halfkey.db-wal")), false, `${what}: not graceful: ${up.output}`)
  await assert.rejects(fetch(`${endpoint}/readyz`), "nobody listens any more")
}

/** Ends it as a terminal does, and waits until nothing of it is left. */
async function stop(up: UpProcess): Promise<void> {
  up.signalGroup("SIGINT")
  await up.ended
  await requireGracefulEnd(up, "SIGINT to everybody")
}

test("the first start: a workspace, a profile, the kit once, and three lines to try", async () => {
  const up = await npmStart()
  assert.match(up.stdout, /hkrk_[\w-]{48}/)
  assert.equal(up.output.match(/hkrk_/g)?.length, 1, "the kit is shown once")
  for (const line of ["secrets set DATABASE_URL", "secrets get DATABASE_URL", "run -e development -- node app.js"]) {
    assert.match(up.stderr, new RegExp(`^ {2}npx halfkey ${line}`, "m"))
  }
  await cli(["set", "DATABASE_URL", "-e", "development"], "postgres://localhost/app")
  await cli(["set", "TOKEN", "-e", "production"], "secret")
  await stop(up)
})

test("the second start keeps everything and prints no kit", async () => {
  const before = identity()
  const up = await npmStart()
  assert.doesNotMatch(up.output, /hkrk_|hkst_|hkck_|hkak_/)
  assert.equal(await cli(["get", "DATABASE_URL", "-e", "development"]), "postgres://localhost/app")
  assert.equal(await cli(["get", "TOKEN", "-e", "production"]), "secret")
  assert.deepEqual(identity(), before)
  await stop(up)
})

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  test(`${signal} stops it gracefully, with exit code 0, and leaves nobody behind`, async () => {
    const up = await npmStart({}, setup)
    up.signal(signal)
    assert.deepEqual(await up.ended, { code: 0, signal: null }, up.output)
    await requireGracefulEnd(up, signal)
  })
}

test("a supervisor that ends only npm leaves nobody behind either", async () => {
  const up = await npmStart()
  up.signal("SIGTERM")
  await up.ended
  await requireGracefulEnd(up, "SIGTERM to npm")
})

test("a second one beside the first says that it runs already, and disturbs nobody", async () => {
  const up = await npmStart()
  const second = await npmStart()
  assert.deepEqual(await second.ended, { code: 0, signal: null })
  assert.match(second.stderr, new RegExp(`halfkey: the server is running already, at ${endpoint}\n`))
  assert.equal(await cli(["get", "TOKEN", "-e", "production"]), "secret")
  await stop(up)
})

test("the data that is there with another configuration directory: served, told, and nothing made up", async () => {
  const before = identity()
  const config = join(folder, "another-config")
  const up = await npmStart({ HALFKEY_CONFIG_DIR: config })
  assert.doesNotMatch(up.output, /hkrk_/)
  assert.match(
    up.stderr,
    /halfkey: no profile of this machine fits the workspaces of this server; it serves all the same\n {2}try: HALFKEY_CONFIG_DIR=/,
  )
  assert.deepEqual(
    files(config, () => true),
    {},
    "no profile is made for a workspace that is somebody's",
  )
  // Whoever has the profile is served.
  assert.equal(await cli(["get", "TOKEN", "-e", "production"]), "secret")
  await stop(up)
  assert.deepEqual(identity(), before)
})

test("another data directory with the same configuration: a new workspace, and the earlier profile is kept", async () => {
  const profile = readFileSync(join(env.HALFKEY_CONFIG_DIR, "profiles/local.json"), "utf8")
  const up = await npmStart({ HALFKEY_DATA_DIR: join(folder, "more-data") })
  assert.match(up.stdout, /hkrk_/)
  assert.match(
    up.stderr,
    /the default profile is now local-more-data, no longer local: use --profile local for that one\n/,
  )
  assert.equal(readFileSync(join(env.HALFKEY_CONFIG_DIR, "profiles/local.json"), "utf8"), profile)
  await stop(up)

  const back = await npmStart()
  assert.match(back.stderr, /the default profile is now local, no longer local-more-data/)
  assert.match(back.stderr, /halfkey: workspace crn:.*, profile local\n/)
  assert.equal(await cli(["get", "TOKEN", "-e", "production"]), "secret")
  await stop(back)
})

/** The processes of the group whose command line has this. */
function processesOf(up: UpProcess, part: RegExp): number[] {
  return up.members.filter((pid) => part.test(readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")))
}

test("kill -9 of everything but the server: the next start finds it running, and all data", async () => {
  const up = await npmStart()
  const [server] = processesOf(up, /halfkey-server/)
  assert.ok(server)
  for (const pid of up.members) if (pid !== server) process.kill(pid, "SIGKILL")
  await up.ended
  const next = await npmStart()
  assert.deepEqual(await next.ended, { code: 0, signal: null })
  assert.match(next.stderr, /the server is running already/)
  const profile = /"workspaceCRN": "(.*)"/.exec(
    readFileSync(join(env.HALFKEY_CONFIG_DIR, "profiles/local.json"), "utf8"),
  )
  assert.ok(profile)
  process.kill(server, "SIGTERM")
  await up.groupGone()
})

test("kill -9 of the server alone: it is said, with an exit code, and the next start has all data", async () => {
  const up = await npmStart()
  const [server] = processesOf(up, /halfkey-server/)
  assert.ok(server)
  process.kill(server, "SIGKILL")
  const { code } = await up.ended
  await up.groupGone()
  assert.notEqual(code, 0)
  assert.match(up.stderr, /halfkey: the server was ended by SIGKILL\n/)
  const next = await npmStart()
  assert.equal(await cli(["get", "DATABASE_URL", "-e", "development"]), "postgres://localhost/app")
  await stop(next)
})
