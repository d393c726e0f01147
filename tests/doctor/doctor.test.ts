/** `doctor` on what is really wrong: clocks, ports, names, certificates, keys, files. Each finding says what to type. */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { once } from "node:events"
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { createServer, request, type Server } from "node:http"
import { createServer as createSecureServer } from "node:https"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { Installation, type Invocation } from "../../cli/src/testing/installation.ts"
import { version } from "../../cli/src/version.ts"
import { certificate, certificateKey } from "../../server/src/testing/certificate.ts"

const halfkey = new Installation()
const servers: Server[] = []
const cwd = join(halfkey.directory, "repository")
let endpoint = ""
let workspaceId = ""

before(async () => {
  endpoint = (await halfkey.up()).endpoint
  workspaceId = halfkey.profile()["workspaceCRN"]?.split(":")[2] ?? ""
  mkdirSync(join(cwd, ".git"), { recursive: true })
})
after(async () => {
  for (const server of servers) {
    server.close()
    server.closeAllConnections()
  }
  await halfkey.dispose()
})

interface Finding {
  readonly check: string
  readonly status: "ok" | "warn" | "fail"
  readonly text: string
  readonly hint?: string
}

/** The exit code, and what is not as it should be. */
async function doctor(args: readonly string[] = [], invocation: Invocation = {}) {
  const { code, stderr, stdout } = await halfkey.run(["doctor", "-o", "json", ...args], { cwd, ...invocation })
  const all: Finding[] = JSON.parse(stdout || assert.fail(stderr))
  for (const { hint, status, text } of all) if (status !== "ok") assert.ok(hint, text)
  return { code, all, wrong: all.filter(({ status }) => status !== "ok") }
}

async function listening(server: Server): Promise<number> {
  servers.push(server)
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return (server.address() as AddressInfo).port
}

test("nothing is wrong: every check says what it saw", async () => {
  const { code, all, wrong } = await doctor()
  assert.deepEqual([code, wrong], [0, []])
  const texts = Object.fromEntries(all.map(({ check, text }) => [check, text]))
  assert.equal(texts["tcp"], `${endpoint.slice("http://".length)} answers`)
  assert.equal(texts["versions"], `halfkey ${version}, server ${version}, halfkey/v1, Node ${process.versions.node}`)
  assert.match(texts["permissions"] ?? "", /^\d+ files and directories, yours alone$/)
  assert.equal(texts["clock"], "agrees with the server")
  assert.match(texts["API key"] ?? "", /^[a-z2-7]{16}, not narrowed, without an end$/)
})

test("a closed port, an unknown name, and what stands in for a certificate", async () => {
  const closed = await doctor(["--endpoint", "http://127.0.0.1:1"])
  assert.equal(closed.code, 6)
  assert.deepEqual(closed.wrong, [
    {
      check: "tcp",
      status: "fail",
      text: "nobody can be reached at 127.0.0.1:1: ECONNREFUSED",
      hint: "halfkey up   (in the directory where it was first started: its data is there)\ncheck the server and its port: it is of --endpoint",
    },
  ])
  const unknown = await doctor(["--endpoint", "https://nobody.invalid"])
  assert.equal(unknown.code, 6)
  assert.match(unknown.wrong[0]?.text ?? "", /^nobody\.invalid has no address here: (ENOTFOUND|EAI_AGAIN|ETIMEDOUT)$/)
  assert.match(unknown.wrong[0]?.hint ?? "", /check the host name: it is of --endpoint$/)
  const plain = await doctor(["--endpoint", endpoint.replace("http:", "https:")])
  assert.equal(plain.code, 6)
  assert.deepEqual([plain.wrong.length, plain.wrong[0]?.check], [1, "tls"])
  assert.match(plain.wrong[0]?.hint ?? "", /^does the server speak http:\/\/ there\? its address is of --endpoint$/)
})

test("a certificate that nobody vouches for, and one that ends soon or is somebody's", async () => {
  const server = createSecureServer({ cert: certificate, key: certificateKey }, (_, response) => {
    response.writeHead(503).end()
  })
  const port = await listening(server)
  const self = await doctor(["--endpoint", `https://127.0.0.1:${port}`])
  assert.equal(self.code, 6)
  assert.deepEqual(
    self.wrong.map(({ check, hint }) => [check, hint]),
    [["tls", "NODE_EXTRA_CA_CERTS=<file with the certificate of your authority>"]],
  )
  const file = join(halfkey.directory, "authority.pem")
  writeFileSync(file, certificate)
  const trusted = await doctor(["--endpoint", `https://127.0.0.1:${port}`], { env: { NODE_EXTRA_CA_CERTS: file } })
  const names = trusted.all.map(({ check, status }) => `${check} ${status}`)
  assert.ok(
    names.some((name) => name === "tls ok" || name === "tls warn" || name === "tls fail"),
    names.join(),
  )
  assert.ok(!trusted.wrong.some(({ hint }) => hint?.startsWith("NODE_EXTRA_CA_CERTS")))
})

test("a clock that differs from the server's", async () => {
  let skewMs = 0
  const port = await listening(
    createServer((incoming, outgoing) => {
      const { headers, method, url } = incoming
      const forwarded = request(`${endpoint}${url}`, { method, headers }, (answer) => {
        const date = new Date(Date.now() + skewMs).toUTCString()
        outgoing.writeHead(answer.statusCode ?? 500, { ...answer.headers, date })
        answer.pipe(outgoing)
      })
      incoming.pipe(forwarded)
    }),
  )
  const at = ["--endpoint", `http://127.0.0.1:${port}`]
  for (const [skew, status, exit, text] of [
    [300_000, "fail", 6, /^this machine is (299|300) s behind the server$/],
    [-300_000, "fail", 6, /^this machine is 30[01] s ahead of the server$/],
    [45_000, "warn", 0, /^this machine is 4[45] s behind the server$/],
  ] as const) {
    skewMs = skew
    const { code, wrong } = await doctor(at)
    assert.deepEqual([code, wrong.map((each) => [each.check, each.status])], [exit, [["clock", status]]])
    assert.match(wrong[0]?.text ?? "", text)
    assert.equal(wrong[0]?.hint, "set the clock of this machine or the server's (NTP)")
  }
})

test("an API key that is narrowed, ends soon, or has ended", async () => {
  const create = ["clients", "create", "reader", "-e", "staging", "--mode", "read", "-q"]
  const { CS_CLIENT_ID, CS_CLIENT_KEY } = JSON.parse(await halfkey.ok(create))
  const key = async (...narrow: string[]) => {
    const made = JSON.parse(await halfkey.ok(["keys", "create", "k", "--client", CS_CLIENT_ID, ...narrow, "-q"]))
    const { CS_CLIENT_ACCESS_KEY } = made
    return {
      id: made.id,
      expiresAt: made.expiresAt,
      env: { ...halfkey.variables(), CS_CLIENT_ID, CS_CLIENT_KEY, CS_CLIENT_ACCESS_KEY },
    }
  }
  const narrow = await key("--read-only", "-e", "staging", "--expires", "30d")
  const healthy = await doctor([], { env: narrow.env })
  assert.deepEqual([healthy.code, healthy.wrong], [0, []])
  assert.equal(
    healthy.all.find(({ check }) => check === "API key")?.text,
    `${narrow.id}, read-only, staging, until ${narrow.expiresAt}`,
  )
  const soon = await key("--expires", "2d")
  const warned = await doctor([], { env: soon.env })
  assert.deepEqual(warned.wrong, [
    {
      check: "API key",
      status: "warn",
      text: `${soon.id}, until ${soon.expiresAt}: that is soon`,
      hint: `halfkey keys rotate ${soon.id}   (as an admin)`,
    },
  ])
  const short = await key("--expires", new Date(Date.now() + 2500).toISOString())
  for (;;) if ((await halfkey.run(["list", "-e", "staging"], { env: short.env })).code === 4) break
  const ended = await doctor([], { env: short.env })
  assert.equal(ended.code, 4)
  assert.deepEqual(
    ended.wrong.map(({ check, status }) => [check, status]),
    [["credentials", "fail"]],
  )
  assert.match(ended.wrong[0]?.text ?? "", /expired|ended/)
})

test("files and directories that others may use", async () => {
  const { configDirectory } = halfkey
  const state = join(configDirectory, "state", `${workspaceId}.json`)
  await halfkey.ok(["list", "-e", "staging"])
  chmodSync(state, 0o644)
  chmodSync(join(configDirectory, "tokens"), 0o777)
  chmodSync(join(configDirectory, "state"), 0o755)
  const { code, wrong } = await doctor()
  chmodSync(state, 0o600)
  for (const name of ["tokens", "state"]) chmodSync(join(configDirectory, name), 0o700)
  assert.equal(code, 2)
  const hints = wrong.filter(({ check }) => check === "permissions").map(({ hint, status }) => `${status}: ${hint}`)
  assert.deepEqual(hints.sort(), [
    `fail: chmod 600 ${state}`,
    `fail: chmod 700 ${join(configDirectory, "tokens")}`,
    `warn: chmod 700 ${join(configDirectory, "state")}`,
  ])
  // By then what was told has helped.
  assert.deepEqual((await doctor()).wrong, [])
})

test("what is damaged, waits or was left by a crash", async () => {
  const { configDirectory } = halfkey
  const gone = spawnSync("/bin/sh", ["-c", "echo $$"], { encoding: "utf8" }).stdout.trim()
  const put = (name: string, text: string) => {
    const path = join(configDirectory, name)
    mkdirSync(join(path, ".."), { recursive: true, mode: 0o700 })
    writeFileSync(path, text, { mode: 0o600 })
    return path
  }
  const other = "A".repeat(26)
  const damaged = put(`state/${other}.json`, "{")
  const trust = put("trust.json", "{}")
  const lock = put(`state/${other}.archive.lock`, `${gone} 00`)
  const partial = put(`profiles/.work.json.${gone}-abc`, "")
  const login = { endpoint, workspaceCRN: "", clientId: "", clientKey: "", nonce: "", label: "" }
  put("logins/work.json", JSON.stringify(login))
  const broken = put("logins/broken.json", "{")
  const { code, wrong } = await doctor()
  assert.equal(code, 2)
  const told = Object.fromEntries(wrong.map(({ check, hint, status }) => [check, `${status}: ${hint}`]))
  assert.deepEqual(told, {
    [`state ${other}`]: `fail: rm ${damaged}   (this machine then forgets which versions it has seen)`,
    trust: `fail: rm ${trust}   (this machine then asks again)`,
    "login work": "warn: halfkey login --profile work   (goes on)\nhalfkey logout --profile work   (deletes its key)",
    "login broken": `fail: rm ${broken}   (and log in again)`,
    lock: `warn: rm ${lock}   (the next command does it, too)`,
    leftover: `warn: rm ${partial}`,
  })
  for (const path of [damaged, trust, lock, partial, broken]) rmSync(path)
  rmSync(join(configDirectory, "logins"), { recursive: true })
})

test("what the repository pins and demands", async () => {
  const path = join(cwd, "halfkey.json")
  const put = (content: object) => writeFileSync(path, JSON.stringify(content))
  put({ requires: ">=99", minimumRevision: { staging: 1, nowhere: 3 } })
  const first = await doctor()
  assert.equal(first.code, 2)
  assert.deepEqual(
    first.wrong.map(({ check, hint, status }) => [check, status, hint]),
    [
      ["requires cli", "fail", "halfkey version --check"],
      ["pins", "warn", "halfkey environments list"],
    ],
  )
  assert.ok(
    first.all.some(({ check, status, text }) => check === "pins" && status === "ok" && / of staging; /.test(text)),
  )
  put({ requires: `^${version}`, minimumRevision: { staging: 999 } })
  const pinned = await doctor()
  assert.equal(pinned.code, 7)
  assert.deepEqual(
    pinned.wrong.map(({ check }) => check),
    ["environment staging", "pins"],
  )
  rmSync(path)
})

test("a screen gets one line each, with what to type below", async () => {
  const { stdout } = await halfkey.run(["doctor", "--endpoint", "http://127.0.0.1:1"], { cwd })
  assert.match(
    stdout,
    /\nFAIL {2}tcp: nobody can be reached at 127\.0\.0\.1:1: ECONNREFUSED\n {8}try: halfkey up .*\n {8}try: check the server and its port: it is of --endpoint\n$/,
  )
})
