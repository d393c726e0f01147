/** `version` and `version --check`: what the repository demands, and what the server is; never a registry. */
import assert from "node:assert/strict"
import { once } from "node:events"
import { mkdirSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { Installation } from "../testing/installation.ts"
import { version } from "../version.ts"

const halfkey = new Installation()
/** Says that it is a server, of whichever version. */
let server: Server
let discovery: object | undefined
let asked: string[] = []
const cwd = join(halfkey.directory, "repository")
const crn = `crn:local.self:${"A".repeat(26)}`

before(async () => {
  server = createServer((request, response) => {
    asked.push(request.url ?? "")
    response.writeHead(discovery === undefined ? 500 : 200, { "content-type": "application/json" })
    response.end(JSON.stringify(discovery ?? {}))
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  mkdirSync(join(cwd, ".git"), { recursive: true })
})
after(async () => {
  server.close()
  await halfkey.dispose()
})

const endpoint = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
const variables = () => ({ CS_WORKSPACE_CRN: crn, CS_CLIENT_ACCESS_KEY: "hkak_x", CS_ENDPOINT: endpoint() })
const says = (its: string, protocols = ["halfkey/v1"]) => {
  discovery = {
    version: its,
    protocols,
    region: "local.self",
    auditKey: "A".repeat(43),
    valueMaxLength: 65_536,
    needsSetup: false,
  }
}
const put = (name: string, content: unknown) => writeFileSync(join(cwd, name), JSON.stringify(content))
const row = (...cells: readonly string[]) => `${cells.join("\t")}\n`

test("version asks nobody", async () => {
  assert.deepEqual(await halfkey.run(["version"], { cwd }), {
    code: 0,
    signal: null,
    stdout: `${version}\n`,
    stderr: "",
  })
})

test("without demands and without a server, --check has little to say", async () => {
  assert.deepEqual(await halfkey.run(["version", "--check", "--server"], { cwd }), {
    code: 0,
    signal: null,
    stdout: row("cli", version, "", "", "ok") + row("server", "", "halfkey/v1", "", "none configured"),
    stderr: "",
  })
})

test("what halfkey.json and package.json demand is compared with what is there", async () => {
  put("halfkey.json", { requires: `^${version}` })
  put("package.json", { dependencies: { halfkey: "^9.0.0" }, devDependencies: { "@halfkey/cli": "workspace:*" } })
  const [file, manifest] = [join(cwd, "halfkey.json"), join(cwd, "package.json")]
  const cli = row("cli", version, `^${version}`, file, "ok")
  const uncompared = row("cli", version, "workspace:*", manifest, "cannot be compared")
  assert.deepEqual(await halfkey.run(["version", "--check"], { cwd }), {
    code: 8,
    signal: null,
    stdout: cli + uncompared + row("sdk", "", "^9.0.0", manifest, "not installed"),
    stderr: `halfkey: sdk is not installed, and ${manifest} demands ^9.0.0\n  try: npm install   (in the repository)\n`,
  })
  mkdirSync(join(cwd, "node_modules", "halfkey"), { recursive: true })
  put("node_modules/halfkey/package.json", { version: "9.1.0" })
  const deep = join(cwd, "a", "b")
  mkdirSync(deep, { recursive: true })
  const sdkByFile = row("sdk", "9.1.0", `^${version}`, file, "does not fit")
  assert.deepEqual(await halfkey.run(["version", "--check"], { cwd: deep }), {
    code: 8,
    signal: null,
    stdout: cli + sdkByFile + uncompared + row("sdk", "9.1.0", "^9.0.0", manifest, "ok"),
    stderr: `halfkey: sdk is 9.1.0, and ${file} demands ^${version}\n  try: npm install   (in the repository)\n`,
  })
  put("halfkey.json", { requires: ">=99" })
  put("package.json", {})
  put("node_modules/halfkey/package.json", {})
  const { code, stdout } = await halfkey.run(["version", "--check", "-o", "json"], { cwd })
  assert.equal(code, 8)
  assert.deepEqual(JSON.parse(stdout)[0], {
    part: "cli",
    found: version,
    demanded: ">=99",
    by: file,
    state: "does not fit",
  })
  put("halfkey.json", {})
})

test("without --server, --check uses no network, and --server alone means nothing", async () => {
  asked = []
  says("99.0.0", ["halfkey/v9"])
  const { code, stdout } = await halfkey.run(["version", "--check"], { cwd, env: variables() })
  assert.deepEqual([code, stdout, asked], [0, row("cli", version, "", "", "ok"), []])
  assert.deepEqual(await halfkey.run(["version", "--server"], { cwd }), {
    code: 2,
    signal: null,
    stdout: "",
    stderr: "halfkey: --server belongs to --check\n  try: halfkey version --check --server\n",
  })
})

test("the server of the settings is asked for its version, without a credential; where it is away, nothing fails", async () => {
  const check = async () => await halfkey.run(["version", "--check", "--server"], { cwd, env: variables() })
  const cli = row("cli", version, "", "", "ok")
  asked = []
  for (const [its, state] of [
    [version, "ok"],
    ["99.0.0", "ok, newer"],
    ["0.0.1", "ok, older"],
  ] as const) {
    says(its)
    const { code, stdout } = await check()
    assert.deepEqual([code, stdout], [0, cli + row("server", its, "halfkey/v1", endpoint(), state)])
  }
  assert.deepEqual([...new Set(asked)], ["/.well-known/halfkey"])
  says("2.0.0", ["halfkey/v2"])
  const other = await check()
  assert.equal(other.code, 8)
  assert.equal(
    other.stderr,
    `halfkey: the server at ${endpoint()} is 2.0.0, and does not speak halfkey/v1\n  try: install a version of halfkey that fits the server\n`,
  )
  put("halfkey.json", { endpoint: "http://127.0.0.1:9", workspaceCRN: crn })
  const env = { CS_WORKSPACE_CRN: crn, CS_CLIENT_ACCESS_KEY: "hkak_x" }
  const unconfirmed = await halfkey.run(["version", "--check", "--server"], { cwd, env })
  assert.deepEqual(
    [unconfirmed.code, unconfirmed.stdout],
    [0, cli + row("server", "", "halfkey/v1", "http://127.0.0.1:9", "not confirmed")],
  )
  const away = await halfkey.run(["version", "--check", "--server"], {
    cwd,
    env: { ...env, CS_ENDPOINT: "http://127.0.0.1:9" },
  })
  assert.deepEqual(
    [away.code, away.stdout],
    [0, cli + row("server", "", "halfkey/v1", "http://127.0.0.1:9", "not reached")],
  )
})
