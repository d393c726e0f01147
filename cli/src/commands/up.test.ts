/** `halfkey up` and `init`: first start, later starts, and everything that can be in the way. */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { Installation } from "../testing/installation.ts"

function installation(t: TestContext): Installation {
  const made = new Installation()
  t.after(() => made.dispose())
  return made
}

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)
const portOf = (endpoint: string) => new URL(endpoint).port

test("the first start makes a workspace, stores the profile privately and shows the kit once", async (t) => {
  const halfkey = installation(t)
  const up = await halfkey.up()
  const { workspaceCRN = "", endpoint } = halfkey.profile()
  assert.equal(endpoint, up.endpoint)
  const kit = /hkrk_[\w-]{48}/.exec(up.stdout())?.[0] ?? assert.fail(up.stdout())
  assert.ok(up.stdout().startsWith("+---") && up.stdout().includes(`Recovery kit of ${workspaceCRN}`))
  assert.match(
    up.stderr(),
    /created crn:local\.self:[A-Z2-7]{26} with production, staging and development; you are its admin\n/,
  )
  assert.ok(up.stderr().includes("  halfkey secrets set DATABASE_URL -e development "))
  assert.equal(mode(halfkey.configDirectory), "700")
  assert.equal(mode(join(halfkey.configDirectory, "profiles")), "700")
  assert.equal(mode(join(halfkey.configDirectory, "profiles", "local.json")), "600")
  assert.equal(mode(join(halfkey.dataDirectory, "server.log")), "600")
  assert.ok(!readdirSync(halfkey.dataDirectory).includes("setup-token"))
  assert.ok(!up.stderr().includes(kit))
  assert.ok(!readFileSync(join(halfkey.dataDirectory, "server.log"), "utf8").includes("hkrk_"))
  assert.ok(!JSON.stringify(halfkey.profile()).includes("recoveryKit"))
})

test("a stop is graceful, and a second start finds everything", async (t) => {
  const halfkey = installation(t)
  const first = await halfkey.up()
  await halfkey.ok(["set", "KEPT", "-e", "production"], { stdin: "value" })
  assert.deepEqual(await first.end("SIGTERM"), { code: 0, signal: null })
  const second = await halfkey.up()
  assert.equal(second.stdout(), "")
  assert.match(second.stderr(), /halfkey: workspace crn:local\.self:\S+, profile local\n/)
  // Its port is another one, and the profile follows.
  assert.equal(halfkey.profile()["endpoint"], second.endpoint)
  assert.equal(await halfkey.ok(["get", "KEPT", "-e", "production"]), "value")
  assert.deepEqual(await second.end("SIGINT"), { code: 0, signal: null })
})

test("a server that is killed ends up with a failure, and loses nothing", async (t) => {
  const halfkey = installation(t)
  const up = await halfkey.up()
  await halfkey.ok(["set", "KEPT", "-e", "production"], { stdin: "value" })
  const children = readFileSync(`/proc/${up.process.pid}/task/${up.process.pid}/children`, "utf8").trim()
  process.kill(Number(children), "SIGKILL")
  const [code] = await once(up.process, "close")
  assert.equal(code, 1)
  assert.match(up.stderr(), /halfkey: the server was ended by SIGKILL\n$/)
  await halfkey.up()
  assert.equal(await halfkey.ok(["get", "KEPT", "-e", "production"]), "value")
})

test("where the server runs already, up says so", async (t) => {
  const halfkey = installation(t)
  const { endpoint } = await halfkey.up()
  const again = await halfkey.run(["up", "--port", portOf(endpoint)])
  assert.deepEqual(
    [again.code, again.stdout, again.stderr],
    [0, "", `halfkey: the server is running already, at ${endpoint}\n`],
  )
  const elsewhere = join(halfkey.directory, "elsewhere")
  const other = await halfkey.run(["up", "--port", portOf(endpoint), "--data-dir", elsewhere])
  assert.deepEqual(
    [other.code, other.stderr],
    [
      0,
      `${again.stderr}halfkey: its data is not in ${elsewhere}: HALFKEY_PORT=${Number(portOf(endpoint)) + 1} with the same command starts another one\n`,
    ],
  )
  const stranger = installation(t)
  const refused = await stranger.run(["up"], { env: { HALFKEY_PORT: portOf(endpoint) } })
  assert.equal(refused.code, 2)
  assert.equal(
    refused.stderr,
    `halfkey: the port ${portOf(endpoint)} is taken by a Halfkey server that no profile of this machine fits
  try: HALFKEY_PORT=${Number(portOf(endpoint)) + 1} with the same command, if that server is not yours
  try: HALFKEY_CONFIG_DIR=<where the profile is>, if it is
  try: halfkey-server setup-token, then halfkey init --endpoint ${endpoint}, for a further workspace on it
`,
  )
})

test("a port that another program has is told, and nothing is made", async (t) => {
  const halfkey = installation(t)
  const other = createServer((_, response) => response.end("hello")).listen(0, "127.0.0.1")
  await once(other, "listening")
  t.after(() => other.close())
  const { port } = other.address() as AddressInfo
  const { code, stdout, stderr } = await halfkey.run(["up", "--port", String(port)])
  assert.deepEqual(
    [code, stdout, stderr],
    [
      2,
      "",
      `halfkey: the port ${port} is taken by another program\n  try: HALFKEY_PORT=${port + 1} with the same command\n`,
    ],
  )
  assert.deepEqual(readdirSync(halfkey.directory), [])
})

test("start errors of the server come in its own words, with its exit code", async (t) => {
  const halfkey = installation(t)
  await halfkey.up()
  const second = await halfkey.run(["up"])
  assert.equal(second.code, 2)
  assert.match(second.stderr, /^halfkey-server: another halfkey-server uses .*\n/)
  const odd = await halfkey.run(["up"], {
    env: { HALFKEY_DATA_DIR: join(halfkey.directory, "odd"), HALFKEY_REGION: "no region" },
  })
  assert.equal(odd.code, 2)
  assert.match(odd.stderr, /^halfkey-server: .*HALFKEY_REGION/)
})

test("a new data directory makes a new local profile and keeps the earlier one", async (t) => {
  const halfkey = installation(t)
  const first = await halfkey.up()
  const earlier = halfkey.profile()
  await first.end()
  rmSync(halfkey.dataDirectory, { recursive: true })
  const second = await halfkey.up()
  const name = `local-${(earlier["workspaceCRN"] ?? "").split(":")[2]?.slice(0, 8).toLowerCase()}`
  assert.match(second.stderr(), new RegExp(`the profile local of an earlier workspace is now called ${name}\\n`))
  assert.deepEqual(halfkey.profile(name), earlier)
  assert.notEqual(halfkey.profile()["workspaceCRN"], earlier["workspaceCRN"])
  assert.equal(await halfkey.ok(["list", "-e", "development"]), "")
})

test("each data directory has its profile: none takes the place of another, and each start finds its own", async (t) => {
  const halfkey = installation(t)
  const projects = ["one", "two"].map((name) => {
    const directory = join(halfkey.directory, name)
    mkdirSync(directory)
    return { HALFKEY_DATA_DIR: join(directory, ".halfkey") } as Record<string, string>
  })
  const [one = {}, two = {}] = projects
  const first = await halfkey.up(one)
  const ofOne = halfkey.profile()
  assert.equal(ofOne["dataDirectory"], one["HALFKEY_DATA_DIR"])
  await halfkey.ok(["set", "WHERE", "-e", "development"], { stdin: "one" })
  await first.end()

  const second = await halfkey.up(two)
  assert.match(
    second.stderr(),
    /halfkey: the default profile is now local-two, no longer local: use --profile local for that one\n/,
  )
  assert.match(second.stdout(), /hkrk_/)
  assert.deepEqual(halfkey.profile(), ofOne)
  await halfkey.ok(["set", "WHERE", "-e", "development"], { stdin: "two" })
  await second.end()

  // Whoever starts a server means its workspace, though both were at the same port before.
  for (const [env, name, value] of [
    [one, "local", "one"],
    [two, "local-two", "two"],
  ] as const) {
    const again = await halfkey.up(env)
    assert.match(again.stderr(), new RegExp(`halfkey: workspace crn:\\S+, profile ${name}\\n$`))
    assert.equal(halfkey.profile(name)["endpoint"], again.endpoint)
    assert.equal(await halfkey.ok(["get", "WHERE", "-e", "development"]), value)
    await again.end()
  }

  // Both at once, each by its name.
  const both = [await halfkey.up(one), await halfkey.up(two)]
  for (const [name, value] of [
    ["local", "one"],
    ["local-two", "two"],
  ] as const) {
    assert.equal(await halfkey.ok(["get", "WHERE", "-e", "development", "--profile", name]), value)
  }
  const here = await halfkey.run(["up", "--port", portOf(both[0]?.endpoint ?? "")], { env: two })
  assert.match(here.stderr, /halfkey: its data is not in \S+two\/\.halfkey: HALFKEY_PORT=\d+ with the same command/)
  for (const up of both) await up.end()

  // A directory that was moved, or that a link leads to, keeps its profile.
  renameSync(join(halfkey.directory, "one"), join(halfkey.directory, "moved"))
  symlinkSync(join(halfkey.directory, "moved"), join(halfkey.directory, "link"))
  await halfkey.up({ HALFKEY_DATA_DIR: join(halfkey.directory, "link", ".halfkey") })
  assert.equal(halfkey.profile()["dataDirectory"], join(halfkey.directory, "moved", ".halfkey"))
  assert.equal(await halfkey.ok(["get", "WHERE", "-e", "development"]), "one")
})

test("a default that is no server of this machine stays at later starts", async (t) => {
  const halfkey = installation(t)
  const first = await halfkey.up()
  await first.end()
  const { dataDirectory: _, ...work } = halfkey.profile()
  const path = join(halfkey.configDirectory, "profiles", "work.json")
  writeFileSync(path, JSON.stringify({ ...work, endpoint: "https://work.example" }), { mode: 0o600 })
  writeFileSync(join(halfkey.configDirectory, "default-profile"), "work\n", { mode: 0o600 })
  const second = await halfkey.up()
  assert.match(second.stderr(), /halfkey: workspace crn:\S+, profile local; use --profile local\n$/)
})

test("a data directory that cannot be made is told at once", { skip: process.platform !== "linux" }, async (t) => {
  const halfkey = installation(t)
  assert.deepEqual(await halfkey.run(["up", "--data-dir", "/proc/none"]), {
    code: 2,
    signal: null,
    stdout: "",
    stderr:
      "halfkey: the directory /proc/none cannot be made: ENOENT\n  try: permit it, or choose another place (HALFKEY_CONFIG_DIR, HALFKEY_DATA_DIR)\n",
  })
})

test("a first start that takes the default from another profile says so", async (t) => {
  const halfkey = installation(t)
  const first = await halfkey.up()
  await first.end()
  rmSync(halfkey.dataDirectory, { recursive: true })
  const profiles = join(halfkey.configDirectory, "profiles")
  renameSync(join(profiles, "local.json"), join(profiles, "work.json"))
  writeFileSync(join(halfkey.configDirectory, "default-profile"), "work\n", { mode: 0o600 })
  const second = await halfkey.up()
  assert.match(
    second.stderr(),
    /halfkey: the default profile is now local, no longer work: use --profile work for that one\n/,
  )
})

test("a workspace without a profile on this machine is served, and what to do is told", async (t) => {
  const halfkey = installation(t)
  const first = await halfkey.up()
  await first.end()
  rmSync(halfkey.configDirectory, { recursive: true })
  const second = await halfkey.up()
  assert.match(
    second.stderr(),
    /halfkey: no profile of this machine fits the workspaces of this server; it serves all the same\n {2}try: /,
  )
  assert.deepEqual(await second.end(), { code: 0, signal: null })
})

test("a profile that cannot be stored is told before the token is used, and the next start goes on", async (t) => {
  const halfkey = installation(t)
  const file = join(halfkey.directory, "file")
  writeFileSync(file, "")
  const refused = await halfkey.run(["up"], { env: { HALFKEY_CONFIG_DIR: join(file, "config") } })
  assert.deepEqual([refused.code, refused.stdout], [2, ""])
  assert.match(refused.stderr, /\nhalfkey: the directory .*config\/profiles cannot be made: ENOTDIR\n {2}try: /)
  assert.equal(mode(join(halfkey.dataDirectory, "setup-token")), "600")
  const up = await halfkey.up()
  assert.match(up.stdout(), /hkrk_/)
})

test("a kit that was never shown is told at the next start and by doctor", async (t) => {
  const halfkey = installation(t)
  const first = await halfkey.up()
  await first.end()
  // As a crash between the profile and the kit leaves it.
  const path = join(halfkey.configDirectory, "profiles", "local.json")
  writeFileSync(path, JSON.stringify({ ...halfkey.profile(), recoveryKitPending: true }), { mode: 0o600 })
  const second = await halfkey.up()
  assert.match(
    second.stderr(),
    /the recovery kit of crn:\S+ was never shown, since its creation was interrupted: nobody holds it\n {2}try: /,
  )
  assert.match(
    (await halfkey.run(["doctor"])).stdout,
    /warn {2}profile local: the recovery kit of its workspace was never shown\n/,
  )
})

test("init makes a workspace on a server elsewhere, by its token from a file or stdin", async (t) => {
  const server = installation(t)
  const { endpoint } = await server.up()
  const client = installation(t)
  const token = async () => readFileSync(await setupToken(server), "utf8")
  const piped = await client.run(["init", "--endpoint", endpoint, "--setup-token-file", "-", "--save-profile", "one"], {
    stdin: await token(),
  })
  assert.equal(piped.code, 0, piped.stderr)
  assert.match(piped.stdout, /hkrk_/)
  assert.match(
    piped.stderr,
    /^halfkey: created crn:local\.self:\S+ with production, staging and development\nhalfkey: you are its admin, stored as profile one\n$/,
  )
  assert.equal(await client.ok(["list", "-e", "production"]), "")
  const path = await setupToken(server)
  assert.equal((await client.run(["init", "--endpoint", endpoint, "--setup-token-file", path])).code, 0)
  assert.ok(client.profile("127.0.0.1")["apiKey"])
  // Used up: the server takes a token once.
  const used = join(client.directory, "used")
  writeFileSync(used, `hkst_${"A".repeat(48)}`)
  for (const [args, code, reason] of [
    [["--setup-token-file", used, "--save-profile", "x"], 2, /the setup token is not usable/],
    [
      ["--setup-token-file", join(client.directory, "none"), "--save-profile", "x"],
      2,
      /the setup token could not be read from .*none: no such file/,
    ],
    [["--save-profile", "x"], 2, /no setup token was given/],
    [["--setup-token-file", used, "--save-profile", "one"], 5, /there is a profile one already/],
  ] as const) {
    const refused = await client.run(["init", "--endpoint", endpoint, ...args])
    assert.equal(refused.code, code, refused.stderr)
    assert.match(refused.stderr, reason)
    assert.equal(refused.stdout, "")
  }
  assert.deepEqual(readdirSync(join(client.configDirectory, "profiles")), ["127.0.0.1.json", "one.json"])
})

/** As an operator makes a further one; the server runs on. */
async function setupToken(server: Installation): Promise<string> {
  const program = join(import.meta.dirname, "../../../server/bin/halfkey-server.js")
  const { stdout, stderr } = spawnSync(process.execPath, [program, "setup-token"], {
    env: server.env(),
    encoding: "utf8",
  })
  assert.match(stdout, /setup-token\n$/, stderr)
  return stdout.trim()
}
