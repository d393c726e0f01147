/** The cache by the real command: what it gives while the server is away, and what it does not. */
import assert from "node:assert/strict"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, describe, test } from "node:test"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import * as getCommand from "../commands/get.ts"
import { Installation, type Outcome, type Up } from "../testing/installation.ts"
import { testContext } from "../testing/test-context.ts"

const development = ["-e", "development"]
const stale = ["--max-stale", "1h"]

/** With a server that runs, and two secrets. */
async function prepared(halfkey: Installation): Promise<Up> {
  const up = await halfkey.up()
  await halfkey.ok(["set", "A", ...development], { stdin: "one" })
  await halfkey.ok(["set", "B", ...development], { stdin: "two" })
  return up
}

describe("while the server is away", () => {
  const halfkey = new Installation()
  const cache = join(halfkey.configDirectory, "cache")
  let endpoint: string
  before(async () => {
    const up = await prepared(halfkey)
    endpoint = up.endpoint
    await halfkey.ok(["export", ...development, ...stale])
    await up.end()
  })
  after(() => halfkey.dispose())

  /** Port and age are different each time. */
  const told = ({ code, stderr, stdout }: Outcome) => ({
    code,
    stdout,
    stderr: stderr.replaceAll(endpoint, "<server>").replaceAll(/\b\d+ (?:s|min)\b/g, "<age>"),
  })
  const unreachable = "halfkey: the server at <server> cannot be reached: ECONNREFUSED"
  const startHint = "  try: halfkey up   (in the directory where it was first started: its data is there)\n"

  test("without a cache it fails with 6, with one the value comes, and stderr says how old it is", async () => {
    const plain = told(await halfkey.run(["get", "A", ...development]))
    assert.deepEqual(plain, { code: 6, stdout: "", stderr: `${unreachable}\n${startHint}` })
    const cached = told(await halfkey.run(["get", "A", ...development, ...stale]))
    const use = "; development is as it was <age> ago, from the cache\n"
    assert.deepEqual(cached, { code: 0, stdout: "one", stderr: `${unreachable}${use}` })
    const offline = told(await halfkey.run(["get", "A", ...development, "--offline"]))
    const stderr = "halfkey: offline; development is as it was <age> ago, from the cache\n"
    assert.deepEqual(offline, { code: 0, stdout: "one", stderr })
    assert.equal((await halfkey.run(["get", "A", ...development, "--offline", "-q"])).stderr, "")
  })

  test("all that reads", async () => {
    const offline = [...development, "--offline", "-q"]
    const out = (args: readonly string[], stdin = "") => halfkey.ok([...args, ...offline], { stdin })
    assert.equal(await out(["get-many", "B", "A", "-o", "json"]), '{\n  "B": "two",\n  "A": "one"\n}\n')
    assert.match(await out(["list", "--plain"]), /^A\t1\t\S+\nB\t1\t\S+\n$/)
    assert.equal(await out(["export", "--format", "dotenv"]), "A=one\nB=two\n")
    assert.equal(await out(["inject", "-i", "-"], "a={{ A }}"), "a=one")
    const differs = await halfkey.run(["diff", "--file", "-", "--format", "dotenv", ...offline], { stdin: "A=one\n" })
    assert.deepEqual([differs.code, differs.stdout], [8, "B\tremoved\n"])
    assert.equal(await halfkey.ok(["run", ...offline, "--", "sh", "-c", "echo $A $B"]), "one two\n")
  })

  test("run takes it by a setting, on its quick way", async () => {
    const env = { HALFKEY_MAX_STALE: "1h" }
    const ran = told(await halfkey.run(["run", ...development, "--", "sh", "-c", "echo $A"], { env }))
    assert.deepEqual([ran.code, ran.stdout], [0, "one\n"])
    assert.match(ran.stderr, /^halfkey: .*<server>.*; development is as it was <age> ago, from the cache\n$/)
    const plain = await halfkey.run(["run", ...development, "--", "true"])
    assert.equal(plain.code, 125)
    const off = { HALFKEY_MAX_STALE: "0" }
    assert.equal((await halfkey.run(["run", ...development, "--", "true"], { env: off })).code, 125)
  })

  test("what does not exist is told from what was not read", async () => {
    const missing = await halfkey.run(["get", "NONE", ...development, "--offline", "-q"])
    assert.equal(missing.code, 3)
    assert.match(missing.stderr, /^halfkey: there is no secret NONE in development\n/)
    const elsewhere = await halfkey.run(["get", "A", "-e", "production", "--offline"])
    assert.deepEqual(
      [elsewhere.code, elsewhere.stderr.split("\n")[0]],
      [6, "halfkey: nothing of production is in the cache of this client"],
    )
    const { code, stderr } = told(await halfkey.run(["get", "A", "-e", "production", ...stale]))
    assert.equal(code, 6)
    assert.equal(stderr, `${unreachable}; nothing of production is in the cache of this client\n${startHint}`)
  })

  test("what writes takes no --offline", async () => {
    const { code, stderr } = await halfkey.run(["set", "A", ...development, "--offline"], { stdin: "x" })
    assert.equal(code, 2)
    assert.match(stderr, /unknown option '--offline'/)
    const env = { HALFKEY_MAX_STALE: "1h" }
    assert.equal((await halfkey.run(["set", "A", ...development], { stdin: "x", env })).code, 6)
  })

  test("a file that was changed, cut off or taken from elsewhere ends with 7", async () => {
    const [name = ""] = readdirSync(cache)
    const path = join(cache, name)
    const good = readFileSync(path)
    const changed = Buffer.from(good)
    changed[changed.length >> 1] = (changed[changed.length >> 1] ?? 0) ^ 1
    for (const bad of [changed, good.subarray(0, 100), Buffer.alloc(0)]) {
      writeFileSync(path, bad)
      const { code, stderr } = await halfkey.run(["get", "A", ...development, "--offline"])
      assert.deepEqual(
        [code, stderr.split("\n")[0]],
        [
          7,
          "halfkey: the cache of development is not usable: this client did not write it like this, here and for this environment and server",
        ],
      )
      assert.equal((await halfkey.run(["get", "A", ...development, ...stale])).code, 7)
    }
    writeFileSync(path, good)
    writeFileSync(join(cache, name.replace("_development_", "_production_")), good, { mode: 0o600 })
    assert.equal((await halfkey.run(["get", "A", "-e", "production", "--offline"])).code, 7)
    rmSync(join(cache, name.replace("_development_", "_production_")))
    assert.equal(await halfkey.ok(["get", "A", ...development, "--offline", "-q"]), "one")
  })

  test("a file that others may read is not used", async () => {
    const path = join(cache, readdirSync(cache)[0] ?? "")
    const good = readFileSync(path)
    rmSync(path)
    writeFileSync(path, good, { mode: 0o644 })
    const { code, stderr } = await halfkey.run(["get", "A", ...development, "--offline"])
    assert.equal(code, 2)
    assert.match(stderr, /other users of this machine may read/)
    rmSync(path)
    writeFileSync(path, good, { mode: 0o600 })
  })

  /** In this process, at another time and without a network. */
  async function getAt(later: number, options: object): Promise<string> {
    const transport = () => Promise.reject(new HalfkeyError("server_unreachable", "nothing may be sent"))
    const { context, stdout } = testContext({
      cwd: halfkey.directory,
      env: halfkey.env(),
      options: { environment: "development", ...options },
      now: () => Date.now() + later,
      usesCache: true,
      onlyReads: true,
      headStart: { settings: undefined as never, transport },
    })
    try {
      await getCommand.run(context, { name: "A" })
      return Buffer.from(stdout()).toString()
    } catch (error) {
      return (error as { code: string }).code
    } finally {
      await context.close()
    }
  }

  test("too old is too old, whoever asks, and a clock that is set back helps nobody", async () => {
    const hour = 3_600_000
    assert.equal(await getAt(hour / 2, { maxStale: "1h" }), "one")
    assert.equal(await getAt(0, { maxStale: "20m" }), "server_unreachable")
    assert.equal(await getAt(-24 * hour, { offline: true, maxStale: "20m" }), "cache_stale")
    assert.equal(await getAt(2 * hour, { maxStale: "1h" }), "server_unreachable")
    assert.equal(await getAt(23 * hour, { offline: true }), "one")
    assert.equal(await getAt(25 * hour, { offline: true }), "cache_stale")
    // Kept for a day, by whoever wrote it.
    assert.equal(await getAt(25 * hour, { offline: true, maxStale: "30d" }), "cache_stale")
    assert.equal(await getAt(0, { maxStale: "1h" }), "server_unreachable")
  })
})

describe("with the server", () => {
  const halfkey = new Installation()
  const cache = join(halfkey.configDirectory, "cache")
  before(() => prepared(halfkey))
  after(() => halfkey.dispose())

  test("--offline asks it nothing: its log has no entry of it", async () => {
    const entries = async () => JSON.parse(await halfkey.ok(["audit", "list", "--limit", "0", "-o", "json"]))
    const reads = async () => {
      const listed: { action: string }[] = await entries()
      return listed.filter(({ action }) => !action.startsWith("audit.")).length
    }
    await halfkey.ok(["export", ...development, ...stale])
    const before = await reads()
    await halfkey.ok(["get", "A", ...development, "--offline"])
    await halfkey.ok(["run", ...development, "--offline", "--", "true"])
    assert.equal(await reads(), before)
    await halfkey.ok(["get", "A", ...development])
    assert.equal(await reads(), before + 1)
  })

  test("nothing is kept unless somebody asks for it; files are private", async () => {
    rmSync(cache, { recursive: true, force: true })
    await halfkey.ok(["get", "A", ...development])
    assert.ok(!existsSync(cache))
    await halfkey.ok(["get", "A", ...development, "--max-stale", "0"])
    assert.ok(!existsSync(cache))
    await halfkey.ok(["get", "A", ...development, ...stale])
    assert.equal(statSync(cache).mode & 0o777, 0o700)
    const names = readdirSync(cache)
    assert.equal(names.length, 1)
    for (const name of names) assert.equal(statSync(join(cache, name)).mode & 0o777, 0o600)
  })

  test("two processes at once lose nothing of each other", async () => {
    rmSync(cache, { recursive: true, force: true })
    const names = ["A", "B", "C", "D", "E", "F"]
    for (const name of names.slice(2)) await halfkey.ok(["set", name, ...development], { stdin: name })
    await Promise.all(names.map((name) => halfkey.ok(["get", name, ...development, ...stale])))
    for (const name of names) await halfkey.ok(["get", name, ...development, "--offline"])
    assert.deepEqual(
      readdirSync(cache).filter((name) => !name.endsWith(".cache")),
      [],
    )
  })

  test("where nothing can be kept, the value comes with a warning", async () => {
    rmSync(cache, { recursive: true, force: true })
    writeFileSync(cache, "")
    const { code, stderr, stdout } = await halfkey.run(["get", "A", ...development, ...stale])
    assert.deepEqual([code, stdout], [0, "one"])
    assert.match(stderr, /^halfkey: nothing new is kept in the cache: the directory \S+ cannot be made: EEXIST\n/)
    rmSync(cache)
  })

  test("what this machine wrote itself makes the cache stale, not wrong", async () => {
    await halfkey.ok(["get", "A", ...development, ...stale])
    await halfkey.ok(["set", "A", ...development], { stdin: "newer" })
    const { code, stderr } = await halfkey.run(["get", "A", ...development, "--offline"])
    assert.equal(code, 6)
    assert.match(stderr, /older than what this machine has seen since/)
    await halfkey.ok(["get", "A", ...development, ...stale])
    assert.equal(await halfkey.ok(["get", "A", ...development, "--offline", "-q"]), "newer")
  })

  test("an older copy of the file ends with 7", async () => {
    rmSync(cache, { recursive: true, force: true })
    await halfkey.ok(["get", "A", ...development, ...stale])
    const path = join(cache, readdirSync(cache)[0] ?? "")
    const copy = readFileSync(path)
    await halfkey.ok(["get", "B", ...development, ...stale])
    writeFileSync(path, copy)
    const { code, stderr } = await halfkey.run(["get", "A", ...development, "--offline"])
    assert.equal(code, 7)
    assert.match(stderr, /it is an older copy/)
  })

  test("a client that was revoked loses its cache with the first answer, whatever it asks for", async () => {
    await halfkey.ok(["clients", "create", "ci", ...development, "--save-profile", "ci"])
    const { clientId = "" } = halfkey.profile("ci")
    const files = () => readdirSync(cache).filter((name) => name.includes(clientId))
    const others = readdirSync(cache).length
    await halfkey.ok(["get", "A", ...development, "--profile", "ci", ...stale])
    assert.equal(files().length, 1)
    const [name = ""] = files()
    const copy = readFileSync(join(cache, name))
    await halfkey.ok(["clients", "revoke", clientId, "-y"])
    assert.deepEqual(files(), [], "revoked on this machine")
    writeFileSync(join(cache, name), copy, { mode: 0o600 })
    // As on another machine: the refusal alone.
    const refused = await halfkey.run(["environments", "list", "--profile", "ci"])
    assert.equal(refused.code, 4)
    assert.deepEqual(files(), [])
    writeFileSync(join(cache, name), copy, { mode: 0o600 })
    assert.equal((await halfkey.run(["get", "A", ...development, "--profile", "ci", "--offline"])).code, 7)
    rmSync(join(cache, name))
    assert.equal(readdirSync(cache).length, others)
  })

  test("an environment that is disabled, or that one is put out of, is deleted", async () => {
    await halfkey.ok(["export", "-e", "staging", ...stale])
    const ofStaging = () => readdirSync(cache).filter((name) => name.includes("_staging_"))
    assert.equal(ofStaging().length, 1)
    await halfkey.ok(["environments", "disable", "staging", "-y"])
    assert.equal((await halfkey.run(["get", "A", "-e", "staging"])).code, 4)
    assert.deepEqual(ofStaging(), [])
    await halfkey.ok(["environments", "enable", "staging", "-y"])
  })

  test("a refusal counts for the environment's name and its id, and for files that are elsewhere when it comes", async () => {
    const listed = JSON.parse(await halfkey.ok(["environments", "list", "-o", "json"]))
    const { id } = listed.find(({ name }: { name: string }) => name === "staging")
    const files = () => readdirSync(cache).filter((name) => name.includes("_staging_") || name.includes(`_${id}_`))
    for (const environment of ["staging", id]) await halfkey.ok(["export", "-e", environment, ...stale])
    const copies = files().map((name) => [join(cache, name), readFileSync(join(cache, name))] as const)
    assert.equal(copies.length, 2)
    const putBack = () => {
      for (const [path, bytes] of copies) writeFileSync(path, bytes, { mode: 0o600 })
    }
    const isRefused = async () => {
      for (const environment of ["staging", id]) {
        const { code, stderr } = await halfkey.run(["export", "-e", environment, "--offline"])
        assert.deepEqual([code, /it is an older copy/.test(stderr)], [7, true], stderr)
      }
    }
    await halfkey.ok(["environments", "disable", "staging", "-y"])
    assert.equal((await halfkey.run(["get", "A", "-e", "staging"])).code, 4)
    assert.deepEqual(files(), [])
    putBack()
    await isRefused()
    await halfkey.ok(["environments", "enable", "staging", "-y"])
    for (const environment of ["staging", id]) await halfkey.ok(["export", "-e", environment, ...stale])
    copies.splice(0, 2, ...files().map((name) => [join(cache, name), readFileSync(join(cache, name))] as const))
    for (const [path] of copies) rmSync(path)
    await halfkey.ok(["environments", "disable", "staging", "-y"])
    assert.equal((await halfkey.run(["get", "A", "-e", "staging"])).code, 4)
    putBack()
    await isRefused()
    await halfkey.ok(["environments", "enable", "staging", "-y"])
  })

  test("after a rotation what was read under the earlier keys is not there any more", async () => {
    await halfkey.ok(["export", ...development, ...stale])
    await halfkey.ok(["rotate", ...development, "-y"])
    assert.equal((await halfkey.run(["get", "B", ...development, "--offline"])).code, 6)
    await halfkey.ok(["get", "A", ...development, ...stale])
    await halfkey.ok(["get", "A", ...development, "--offline", "-q"])
    const { code, stderr } = await halfkey.run(["get", "B", ...development, "--offline"])
    assert.deepEqual(
      [code, stderr.split("\n")[0]],
      [6, "halfkey: the cache does not hold B of development: it was not read lately"],
    )
  })

  test("a setting switches it on, and config explain and doctor say so", async () => {
    rmSync(cache, { recursive: true, force: true })
    const project = join(halfkey.directory, "project")
    mkdirSync(project)
    writeFileSync(join(project, "halfkey.json"), '{ "environment": "development", "maxStale": "2h" }')
    await halfkey.ok(["get", "A"], { cwd: project })
    assert.equal(readdirSync(cache).length, 1)
    const rows = JSON.parse(await halfkey.ok(["config", "explain", "-o", "json"], { cwd: project }))
    const find = (name: string) => rows.find(({ setting }: { setting: string }) => setting === name)
    assert.deepEqual(find("maxStale"), {
      setting: "maxStale",
      value: "2h",
      source: "file",
      from: join(project, "halfkey.json"),
    })
    assert.ok(find("kept").value.some((file: string) => /^cache\/\S+_development_[0-9a-f]{16}\.cache$/.test(file)))
    const env = { HALFKEY_MAX_STALE: "45m" }
    const findings = JSON.parse(await halfkey.ok(["doctor", "-o", "json"], { cwd: project, env }))
    const { text } = findings.find(({ check }: { check: string }) => check === "cache")
    assert.match(text, /^up to 45m, by HALFKEY_MAX_STALE; kept: 1 files?, \d+ KiB$/)
  })

  test("what is no span of time is a usage error, wherever it stands", async () => {
    const typed = await halfkey.run(["get", "A", ...development, "--max-stale", "forever"])
    assert.deepEqual(
      [typed.code, typed.stderr],
      [
        2,
        'halfkey: --max-stale cannot be "forever"\n  try: --max-stale with 15m, 12h or 7d, at most 30d; 0 for no cache\n',
      ],
    )
    const env = { HALFKEY_MAX_STALE: "31d" }
    const set = await halfkey.run(["get", "A", ...development], { env })
    assert.equal(set.code, 2)
    assert.match(set.stderr, /^halfkey: the maxStale of HALFKEY_MAX_STALE is no span of time\n/)
    assert.equal((await halfkey.run(["run", ...development, "--", "true"], { env })).code, 125)
  })
})
