/** Full and read-only disks, of the server and of the client: told clearly, nothing changed, and over when there is room. */
import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { createWorkspace, unwrap } from "halfkey/admin"
import { Secrets } from "halfkey/secrets"
import { halfkey, halfkeyServer } from "../crash/commands.ts"
import { ServerProcess } from "../crash/server-process.ts"
import { freePort, UpProcess } from "../crash/up-process.ts"
import { SmallDisk } from "./small-disk.ts"
import { files, requireDecentText } from "./workplace.ts"

const skip =
  SmallDisk.problem && `no file system can be mounted here, so full disks are not tested: ${SmallDisk.problem}`
if (skip) console.log(`LEFT OUT: ${skip}`)

const undoing = new WeakMap<TestContext, (() => unknown)[]>()

/** As `t.after`, the last one first: a disk can only be taken away when nobody uses it any more. */
function afterwards(t: TestContext, undo: () => unknown): void {
  const steps = undoing.get(t) ?? []
  steps.unshift(undo)
  if (undoing.has(t)) return
  undoing.set(t, steps)
  t.after(async () => {
    for (const step of steps) await step()
  })
}

function smallDisk(t: TestContext, kilobytes: number): SmallDisk {
  const disk = SmallDisk.make(kilobytes)
  afterwards(t, () => disk.remove())
  return disk
}

function serverOn(t: TestContext, dataDirectory: string): ServerProcess {
  const server = new ServerProcess(dataDirectory)
  afterwards(t, () => server.kill())
  return server
}

test("the server's disk is full", { skip }, async (t) => {
  const disk = smallDisk(t, 9000)
  const server = serverOn(t, disk.directory("data"))
  const endpoint = await server.start()
  const config = smallDisk(t, 1000).directory("config")
  const env = { HALFKEY_CONFIG_DIR: config }
  const run = (parameters: string[], input = "") => halfkey(parameters, { env, cwd: config, input })
  const token = join(server.dataDirectory, "setup-token")
  const init = ["init", "--endpoint", endpoint, "--setup-token-file", token, "--save-profile", "local"]
  assert.equal((await run(init)).status, 0)
  assert.equal((await run(["set", "KEPT", "-e", "development"], "before")).status, 0)

  const { apiKey, clientId, clientKey, workspaceCRN } = JSON.parse(
    readFileSync(join(config, "profiles/local.json"), "utf8"),
  )
  const options = { apiKey, clientId, clientKey, endpoint, workspaceCRN, environment: "development", env: {} }
  const secrets = new Secrets(options)
  afterwards(t, () => secrets.close())
  const acknowledged = new Map([["KEPT", "before"]])
  disk.fill()
  // The write-ahead log has room of its own: large values use up most of it, small ones the rest.
  let refusals = 0
  for (const length of [60_000, 10]) {
    refusals = 0
    for (let count = 0; count < 5000 && refusals < 5; count++) {
      const [name, value] = [`FILL_${length}_${count}`, "x".repeat(length)]
      const { data, failure } = await secrets.set(name, value)
      if (data !== undefined) acknowledged.set(name, value)
      else {
        assert.equal(failure.code, "storage_full", failure.message)
        refusals++
      }
    }
  }
  assert.equal(refusals, 5, "the disk was never full")

  const stderr =
    "halfkey: the server's disk is full: nothing was changed\n  try: ask the operator to free space on the server's disk, then repeat\n"
  for (const [parameters, exit] of [
    [["set", "KEPT", "-e", "development"], 6],
    [["delete", "KEPT", "-e", "development", "-y"], 6],
    // Nobody learns of a value without an entry in the log.
    [["get", "KEPT", "-e", "development"], 6],
    [["list", "-e", "development"], 6],
    [["environments", "create", "another"], 6],
    [["clients", "create", "another", "-e", "development"], 6],
    [["run", "-e", "development", "--", "echo", "started"], 125],
  ] as const) {
    const before = files(config, (path) => !path.startsWith("tokens"))
    const result = await run([...parameters], "after")
    assert.deepEqual(
      { status: result.status, stdout: result.stdout.toString(), stderr: result.stderr },
      { status: exit, stdout: "", stderr },
      parameters.join(" "),
    )
    assert.deepEqual(
      files(config, (path) => !path.startsWith("tokens")),
      before,
    )
  }
  assert.equal((await fetch(`${endpoint}/healthz`)).status, 200)

  // Killed while full, started while full, and started again with room.
  await server.kill()
  await server.start().then(
    () => server.kill(),
    (error: Error) => assert.match(error.message, /\(6\): halfkey-server: .*\n {2}hint: .*free (some )?space/),
  )
  disk.free()
  const again = new Secrets({ ...options, endpoint: await server.start() })
  afterwards(t, () => again.close())
  const found = unwrap(await again.readAll())
  assert.deepEqual(
    new Map(found.map(({ name, value }) => [name, new TextDecoder().decode(value)])),
    new Map([...acknowledged].sort(([a], [b]) => (a < b ? -1 : 1))),
  )
  assert.equal(unwrap(await again.set("KEPT", "after")).version, 2)
  const { code, stderr: words } = await server.signal("SIGTERM")
  assert.deepEqual({ code, words }, { code: 0, words: "" })
})

test("a first start on a disk that is too small: it says so, and goes on when there is room", { skip }, async (t) => {
  const told: string[] = []
  for (const kilobytes of [4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 160, 192, 224, 256, 288, 320]) {
    const disk = SmallDisk.make(kilobytes)
    const data = disk.directory("data")
    const server = new ServerProcess(data)
    try {
      const started = await server.start().then(
        () => "started",
        ({ message }: Error) => message,
      )
      if (started !== "started") {
        assert.match(
          started,
          /^the server did not start \(6\): halfkey-server: .*\n {2}hint: .*free (some )?space/,
          `${kilobytes} kB`,
        )
        requireDecentText(started.replace(/^.*?: /, ""))
        told.push(`${kilobytes} kB`)
      } else await server.kill()
      disk.resize(16_000)
      await server.start()
      const setupToken = readFileSync(join(data, "setup-token"), "utf8").trim()
      const options = { endpoint: server.origin ?? "", setupToken, label: "x", environments: ["development"] }
      if (kilobytes % 64 === 0) unwrap(await createWorkspace({ ...options, timeoutMs: 60_000 }))
    } finally {
      await server.kill()
      disk.remove()
    }
  }
  assert.ok(told.length > 2, "the disks were not too small")
  t.diagnostic(`refused on disks of ${told.join(", ")}`)
})

test("a data directory that cannot be written", { skip }, async (t) => {
  const disk = smallDisk(t, 16_000)
  const data = disk.directory("data")
  const server = serverOn(t, data)
  await server.start()
  await server.signal("SIGTERM")
  disk.readOnly(true)
  const before = files(data, () => true)
  for (const parameters of [[], ["setup-token"]]) {
    const env = { HALFKEY_DATA_DIR: data, HALFKEY_PORT: "0" }
    const result = await halfkeyServer(parameters, { cwd: "/", env })
    assert.equal(result.status, 2, result.stderr)
    assert.match(
      result.stderr,
      /^halfkey-server: the (data directory|database) .* cannot be .*\n {2}hint: check .*may write there/,
    )
    assert.equal(result.stdout.toString(), "")
    requireDecentText(result.stderr)
    assert.deepEqual(
      files(data, () => true),
      before,
    )
  }
  disk.readOnly(false)
  await server.start()
})

test("no room for the profile: no workspace is made, and the setup token still counts", { skip }, async (t) => {
  const server = serverOn(t, smallDisk(t, 16_000).directory("data"))
  const endpoint = await server.start()
  const disk = smallDisk(t, 64)
  const config = disk.directory("config")
  disk.fill()
  const token = join(server.dataDirectory, "setup-token")
  const init = ["init", "--endpoint", endpoint, "--setup-token-file", token, "--save-profile", "local"]
  const refused = async () => {
    const result = await halfkey(init, { env: { HALFKEY_CONFIG_DIR: config }, cwd: "/" })
    assert.equal(result.status, 2, result.stderr)
    assert.equal(result.stdout.toString(), "", "no recovery kit of a workspace that nobody can open")
    assert.match(
      result.stderr,
      /^halfkey: .*profiles.* could not be written: (ENOSPC|EROFS)\n {2}try: make room or permit it; nothing was changed\n$/,
    )
    assert.equal(existsSync(join(config, "profiles/local.json")), false)
    assert.equal(existsSync(token), true)
  }
  await refused()
  disk.readOnly(true)
  await refused()
  disk.readOnly(false)
  disk.free()
  const result = await halfkey(init, { env: { HALFKEY_CONFIG_DIR: config }, cwd: "/" })
  assert.equal(result.status, 0, result.stderr)
})

test("the same for halfkey up: it stops, and works once there is room", { skip }, async (t) => {
  const disk = smallDisk(t, 64)
  const config = disk.directory("config")
  const data = smallDisk(t, 16_000).directory("data")
  disk.fill()
  const port = String(await freePort())
  const env = { HALFKEY_CONFIG_DIR: config, HALFKEY_DATA_DIR: data, HALFKEY_PORT: port }
  const first = new UpProcess({ env, cwd: "/" })
  afterwards(t, () => first.killGroup())
  const { code } = await first.ended
  await first.groupGone()
  assert.equal(code, 2, first.output)
  assert.match(
    first.stderr,
    /halfkey: .*profiles.* could not be written: ENOSPC\n {2}try: make room or permit it; nothing was changed\n/,
  )
  assert.doesNotMatch(first.output, /hkrk_/)
  disk.free()
  const second = new UpProcess({ env, cwd: "/" })
  afterwards(t, () => second.killGroup())
  assert.ok(await second.until(() => second.stderr.includes("Ctrl-C stops the server")), second.output)
  assert.match(second.stdout, /hkrk_/)
})

test("no room for what a client remembers: it says so instead of forgetting", { skip }, async (t) => {
  const server = serverOn(t, smallDisk(t, 16_000).directory("data"))
  const endpoint = await server.start()
  const disk = smallDisk(t, 256)
  const config = disk.directory("config")
  const run = (parameters: string[], input = "") =>
    halfkey(parameters, { env: { HALFKEY_CONFIG_DIR: config }, cwd: "/", input })
  const token = join(server.dataDirectory, "setup-token")
  assert.equal(
    (await run(["init", "--endpoint", endpoint, "--setup-token-file", token, "--save-profile", "local"])).status,
    0,
  )
  assert.equal((await run(["set", "KEPT", "-e", "development"], "value")).status, 0)
  assert.equal((await run(["get", "KEPT", "-e", "development", "--max-stale", "1h"])).status, 0)
  // Receipts are evidence, which grows where it fits.
  const remembered = () => files(config, (name) => !name.endsWith(".receipts"))
  const before = remembered()
  for (const [prepare, told] of [
    [
      () => disk.fill(),
      /^halfkey: what this machine remembers of the workspace cannot be read or saved\n {2}try: .*has room\n$/,
    ],
    // Set up to be so, as in many containers: reading goes on, and says what is not noticed then.
    [
      () => disk.readOnly(true),
      /^halfkey: nothing can be kept in .* \(EROFS\), .*\n {2}try: .*\nhalfkey: there is no secret KEPT in staging\n/,
    ],
  ] as const) {
    prepare()
    // It knows all of this already, so there is nothing to write down.
    const known = await run(["get", "KEPT", "-e", "development"])
    assert.deepEqual(
      { status: known.status, stdout: known.stdout.toString() },
      { status: 0, stdout: "value" },
      known.stderr,
    )
    // Its cache would be new, too: nobody has to have one.
    const cached = await run(["get-many", "KEPT", "NONE", "-e", "development", "--max-stale", "1h"])
    assert.equal(cached.status, 3, cached.stderr)
    assert.match(cached.stderr, /^halfkey: nothing new is kept in the cache: .*(ENOSPC|EROFS)\n {2}try: .*\n/)
    const offline = await run(["get", "KEPT", "-e", "development", "--offline", "-q"])
    assert.deepEqual({ status: offline.status, stdout: offline.stdout.toString() }, { status: 0, stdout: "value" })
    // This would be new.
    const { status, stderr, stdout } = await run(["get-many", "KEPT", "-e", "staging"])
    assert.notEqual(status, 0)
    assert.equal(stdout.toString(), "")
    requireDecentText(stderr)
    assert.match(stderr, told)
  }
  disk.readOnly(false)
  disk.free()
  assert.deepEqual(remembered(), before)
})
