import assert from "node:assert/strict"
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { type AddressInfo, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { exitCodes, possibleExits } from "./help.ts"
import { apiCall } from "./testing/api-call.ts"
import { draftWorkspace } from "./testing/test-workspace.ts"
import { version } from "./version.ts"

/** The sources, whatever bundle lies around. */
const program = join(import.meta.dirname, "main.ts")

class Program {
  readonly child: ChildProcess
  stdout = ""
  stderr = ""
  readonly #ended: Promise<number | null>
  readonly #listening: Promise<string>

  constructor(context: TestContext, env: Readonly<Record<string, string>>, parameters: readonly string[] = []) {
    this.child = spawn(process.execPath, [program, ...parameters], {
      env: { PATH: process.env["PATH"], HALFKEY_PORT: "0", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    })
    context.after(() => this.child.kill("SIGKILL"))
    this.#listening = new Promise((resolve) => {
      this.child.stdout?.on("data", (chunk) => {
        this.stdout += chunk
        const url = /listening on (http:\/\/[\d.:]+)/.exec(this.stdout)?.[1]
        if (url !== undefined) resolve(url)
      })
    })
    this.child.stderr?.on("data", (chunk) => {
      this.stderr += chunk
    })
    this.#ended = new Promise((resolve) => this.child.once("close", (code) => resolve(code)))
  }

  /** Where it listens. Throws what it said when it ended instead. */
  url(): Promise<string> {
    const ended = this.#ended.then((code) => {
      throw new Error(`ended with ${code}: ${this.stderr}`)
    })
    return Promise.race([this.#listening, ended])
  }

  ended(): Promise<number | null> {
    return this.#ended
  }
}

function directory(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "halfkey-main-"))
  context.after(() => rmSync(path, { recursive: true, force: true }))
  return join(path, "data")
}

test("prints its version and its help", async (context) => {
  const shown = new Program(context, {}, ["--version"])
  assert.equal(await shown.ended(), 0)
  assert.equal(shown.stdout, `${version}\n`)
  const help = new Program(context, {}, ["--help"])
  assert.equal(await help.ended(), 0)
  assert.match(help.stdout, /HALFKEY_DATA_DIR.*HALFKEY_ALLOW_INSECURE_LISTEN/s)
  for (const code of possibleExits()) assert.match(help.stdout, new RegExp(`^ {2}${code} {2}\\w`, "m"))
  assert.deepEqual(Object.keys(exitCodes).map(Number), [...possibleExits()].sort())
  const wrong = new Program(context, {}, ["--serve"])
  assert.equal(await wrong.ended(), 2)
  assert.match(wrong.stderr, /^halfkey-server: unknown arguments\n {2}hint: /)
})

test("SIGHUP opens the stream's file again, and the server goes on", async (context) => {
  const data = directory(context)
  const stream = join(data, "stream.jsonl")
  const server = new Program(context, { HALFKEY_DATA_DIR: data, HALFKEY_AUDIT_STREAM_FILE: stream })
  const url = await server.url()
  const { request } = await draftWorkspace(url, ["production"])
  const token = readFileSync(join(data, "setup-token"), "utf8").trim()
  await apiCall(url, { method: "POST", path: "/v1/workspaces", token, body: request })
  while (!existsSync(stream)) await new Promise((resolve) => setTimeout(resolve, 20))
  renameSync(stream, `${stream}.1`)
  server.child.kill("SIGHUP")
  assert.equal((await apiCall(url, { path: "/readyz" })).status, 200)
  // A stranger's refusal is an entry too.
  const claims = JSON.stringify({ workspace: request.workspaceCRN.split(":").at(-1) })
  const forged = `e30.${Buffer.from(claims).toString("base64url")}.AAAA`
  await apiCall(url, { path: "/v1/clients", token: forged })
  while (!existsSync(stream)) await new Promise((resolve) => setTimeout(resolve, 20))
})

test("audit archive says what it needs, and what it moved", async (context) => {
  const data = directory(context)
  const env = { HALFKEY_DATA_DIR: data }
  const wrong = new Program(context, env, ["audit", "archive", "--before", "7d"])
  assert.equal(await wrong.ended(), 2)
  assert.match(wrong.stderr, /^halfkey-server: --before and --to are needed\n {2}hint: halfkey-server audit archive/)
  const missing = new Program(context, env, ["audit", "archive", "--before", "7d", "--to", tmpdir()])
  assert.equal(await missing.ended(), 2)
  assert.match(missing.stderr, /there is no database/)
  const server = new Program(context, env)
  const url = await server.url()
  const { crn, request } = await draftWorkspace(url, ["production"])
  const token = readFileSync(join(data, "setup-token"), "utf8").trim()
  assert.equal((await apiCall(url, { method: "POST", path: "/v1/workspaces", token, body: request })).status, 201)
  const idle = new Program(context, env, ["audit", "archive", "--before", "0d", "--to", tmpdir()])
  assert.equal(await idle.ended(), 0)
  assert.equal(idle.stdout, `${crn.split(":").at(-1)}: nothing to move\n`)
})

test("serves until it is told to stop, then leaves a database without a log beside it", async (context) => {
  const data = directory(context)
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    const server = new Program(context, { HALFKEY_DATA_DIR: data })
    const url = await server.url()
    assert.equal((await apiCall(url, { path: "/readyz" })).status, 200)
    assert.equal(statSync(data).mode & 0o777, 0o700)
    assert.equal(statSync(join(data, "halfkey.db")).mode & 0o777, 0o600)
    server.child.kill(signal)
    assert.equal(await server.ended(), 0)
    assert.equal(existsSync(join(data, "halfkey.db-wal")), false)
    const lines = server.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
    assert.equal(lines.at(-1).msg, "halfkey-server stopped")
    assert.equal(server.stderr, "")
  }
})

test("copies of a signal do not count; a later one ends it at once, whatever is still under way", async (context) => {
  const server = new Program(context, { HALFKEY_DATA_DIR: directory(context) })
  const { port } = new URL(await server.url())
  const { connect } = await import("node:net")
  const socket = connect(Number(port), "127.0.0.1")
  socket.on("error", () => {})
  await new Promise<void>((resolve) => {
    socket.write(
      "POST /oauth/token HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 50\r\n\r\nhalf",
      () => resolve(),
    )
  })
  // The request has arrived when a later one on another connection was answered.
  await apiCall(`http://127.0.0.1:${port}`, { path: "/healthz" })
  const asked = performance.now()
  server.child.kill("SIGTERM")
  await assert.rejects(async () => {
    for (;;) await apiCall(`http://127.0.0.1:${port}`, { path: "/healthz" })
  })
  const ended = server.ended()
  // As impatient as a person can be.
  const impatience = setInterval(() => server.child.kill("SIGTERM"), 50)
  assert.equal(await ended, 1)
  clearInterval(impatience)
  assert.ok(performance.now() - asked > 1000, "copies have ended it")
  socket.destroy()
})

const startErrors: readonly [
  name: string,
  env: (data: string) => Record<string, string>,
  exit: number,
  message: RegExp,
][] = [
  [
    "a setting that is not usable",
    () => ({ HALFKEY_PORT: "x" }),
    2,
    /^halfkey-server: HALFKEY_PORT is not usable: .*\n {2}hint: .*\n$/,
  ],
  [
    "listening in the clear",
    () => ({ HALFKEY_HOST: "0.0.0.0" }),
    2,
    /^halfkey-server: .*beyond loopback.*\n {2}hint: .*HALFKEY_TLS_CERT/,
  ],
  [
    "a directory that cannot be made",
    () => ({ HALFKEY_DATA_DIR: "/dev/null/x" }),
    2,
    /^halfkey-server: the data directory .* cannot be made/,
  ],
  [
    "a directory where nothing can be made",
    () => ({ HALFKEY_DATA_DIR: "/proc/none/x" }),
    2,
    /^halfkey-server: the data directory \/proc\/none\/x cannot be made \(ENOENT\)\n {2}hint: set HALFKEY_DATA_DIR/,
  ],
  [
    "TLS files that are not there",
    () => ({ HALFKEY_TLS_CERT: "/nonexistent", HALFKEY_TLS_KEY: "/nonexistent" }),
    2,
    /HALFKEY_TLS_CERT.*ENOENT/,
  ],
  ["a damaged database", (data) => ({ HALFKEY_DATABASE_URL: `sqlite:${brokenDatabase(data)}` }), 7, /cannot be read/],
]

function brokenDatabase(data: string): string {
  const path = `${data}-broken.db`
  writeFileSync(path, "no database at all, whatever it is called".repeat(50))
  return path
}

for (const [name, env, exit, message] of startErrors) {
  test(`says in one line why it does not start: ${name}`, async (context) => {
    const data = directory(context)
    const server = new Program(context, { HALFKEY_DATA_DIR: data, ...env(data) })
    assert.equal(await server.ended(), exit, server.stderr)
    assert.match(server.stderr, message)
    assert.doesNotMatch(server.stderr, /\n\s+at /)
  })
}

test("says that the port is taken, and that another server has the directory", async (context) => {
  const taken = createServer().listen(0, "127.0.0.1")
  context.after(() => taken.close())
  await new Promise((resolve) => taken.once("listening", resolve))
  const HALFKEY_PORT = `${(taken.address() as AddressInfo).port}`
  const data = directory(context)
  const late = new Program(context, { HALFKEY_DATA_DIR: data, HALFKEY_PORT })
  assert.equal(await late.ended(), 2)
  assert.match(late.stderr, new RegExp(`^halfkey-server: port ${HALFKEY_PORT} of 127.0.0.1 is taken`))
  const first = new Program(context, { HALFKEY_DATA_DIR: data })
  const url = await first.url()
  const second = new Program(context, { HALFKEY_DATA_DIR: data })
  assert.equal(await second.ended(), 2)
  assert.match(second.stderr, /^halfkey-server: another halfkey-server uses /)
  assert.equal((await apiCall(url, { path: "/readyz" })).status, 200)
})

test("gives the directory back when it is killed", async (context) => {
  const data = directory(context)
  const killed = new Program(context, { HALFKEY_DATA_DIR: data })
  await killed.url()
  killed.child.kill("SIGKILL")
  await killed.ended()
  const next = new Program(context, { HALFKEY_DATA_DIR: data })
  assert.equal((await apiCall(await next.url(), { path: "/readyz" })).status, 200)
})

test("setup-token makes another workspace possible, beside a running server", async (context) => {
  const data = directory(context)
  const early = new Program(context, { HALFKEY_DATA_DIR: data }, ["setup-token"])
  assert.equal(await early.ended(), 2)
  assert.match(early.stderr, /there is no database/)
  const server = new Program(context, { HALFKEY_DATA_DIR: data })
  const url = await server.url()
  const path = join(data, "setup-token")
  const tokens = [readFileSync(path, "utf8").trim()]
  const first = await draftWorkspace(url, ["production"])
  const create = (token: string | undefined, body: unknown) =>
    apiCall(url, { method: "POST", path: "/v1/workspaces", token, body })
  assert.equal((await create(tokens[0], first.request)).status, 201)
  for (let round = 0; round < 2; round++) {
    const maker = new Program(context, { HALFKEY_DATA_DIR: data }, ["setup-token"])
    assert.equal(await maker.ended(), 0, maker.stderr)
    assert.equal(maker.stdout, `${path}\n`)
    tokens.push(readFileSync(path, "utf8").trim())
  }
  const second = await draftWorkspace(url, ["production"])
  assert.equal((await create(tokens[0], second.request)).status, 401)
  assert.equal((await create(tokens[1], second.request)).status, 401, "a newer token replaces an older one")
  assert.equal((await create(tokens[2], second.request)).status, 201)
})
