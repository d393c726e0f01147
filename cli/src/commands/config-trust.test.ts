/** Trust on first use: what a halfkey.json alone gets, at a terminal and without one. */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { once } from "node:events"
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { type AddressInfo, createServer } from "node:net"
import { join } from "node:path"
import { after, before, describe, test } from "node:test"
import { Installation } from "../testing/installation.ts"
import { noTerminal, Terminal } from "../testing/terminal.ts"

const halfkey = new Installation()
/** The same server by another name: another origin for everybody who does not know better. */
let endpoint: string
let crn: string
const trustFile = join(halfkey.configDirectory, "trust.json")

before(async () => {
  endpoint = (await halfkey.up()).endpoint.replace("127.0.0.1", "localhost")
  crn = halfkey.profile()["workspaceCRN"] ?? ""
  await halfkey.ok(["set", "A", "-e", "development"], { stdin: "value" })
})
after(() => halfkey.dispose())

/** A repository whose halfkey.json names this server. */
function repository(name: string, server: string): string {
  const cwd = join(halfkey.directory, name)
  mkdirSync(join(cwd, ".git"), { recursive: true })
  writeFileSync(join(cwd, "halfkey.json"), JSON.stringify({ endpoint: server, environment: "development" }))
  return cwd
}

const refusal = (cwd: string, server: string) =>
  `halfkey: ${cwd}/halfkey.json names the endpoint ${server}, which nothing of yours confirms; a committed file alone must not decide who gets your credentials
  try: the same at a terminal, which shows what would go there, and asks
  try: --endpoint ${server}, or CS_ENDPOINT=${server}, if you trust that server
`

test("what a repository brings moves no cursor, and a hint is one word to a shell", async () => {
  const cwd = repository("named\u{1b}]0;title\u{7}", "http://127.0.0.1:9/$(touch it)';touch it;'")
  const { stderr } = await halfkey.run(["get", "A"], { cwd })
  assert.match(stderr, /^halfkey: \S*named\ufffd\]0;title\ufffd\/halfkey\.json names the endpoint /)
  const [, endpointWord] = /try: --endpoint (.*), or CS_ENDPOINT/.exec(stderr) ?? []
  const echoed = spawnSync("/bin/sh", ["-c", `printf '%s ' ${endpointWord}`], { encoding: "utf8" })
  assert.equal(echoed.stdout, "http://127.0.0.1:9/$(touch%20it)';touch%20it;' ")
  for (const fields of [{ "\u{9b}31mx": 1 }, { workspaceCRN: "crn:local.self:\u{1b}[31m" }]) {
    writeFileSync(join(cwd, "halfkey.json"), JSON.stringify(fields))
    for (const args of [
      ["get", "A"],
      ["run", "--", "true"],
    ]) {
      const refused = await halfkey.run(args, { cwd })
      assert.notEqual(refused.code, 0)
      assert.match(refused.stderr, /\ufffd/)
      assert.doesNotMatch(refused.stderr, /(?!\n)\p{Cc}/u)
    }
  }
})

test("without a terminal nothing is sent", async () => {
  const listener = createServer(() => assert.fail("somebody connected")).listen(0, "127.0.0.1")
  await once(listener, "listening")
  const server = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`
  const cwd = repository("stranger", server)
  const stderr = refusal(cwd, server)
  for (const [args, code] of [
    [["get", "A"], 2],
    [["get", "A", "-y"], 2],
    [["whoami"], 2],
    [["run", "--", "true"], 125],
    [["run", "--only", "A", "--", "true"], 125],
  ] as const) {
    assert.deepEqual(await halfkey.run(args, { cwd }), { code, signal: null, stdout: "", stderr })
  }
  const recover = await halfkey.run(["recover", "-y", "--kit-file", "/dev/null"], { cwd })
  assert.equal(recover.code, 2)
  assert.match(recover.stderr, /^halfkey: only .*halfkey\.json names a server, and a committed file must not decide/)
  const explained = await halfkey.ok(["config", "explain"], { cwd })
  assert.match(explained, new RegExp(`^endpoint\t${server}\tfile\t${cwd}/halfkey\\.json$`, "m"))
  assert.match(explained, /^trust\tnot confirmed: nothing is sent there\tnot set\t$/m)
  assert.match(await halfkey.ok(["config", "explain"]), /^trust\tnot asked for\tnot set\t$/m)
  assert.equal((await halfkey.run(["doctor"], { cwd })).code, 2)
  const closed = once(listener, "close")
  listener.close()
  await closed
})

describe("at a terminal", { skip: noTerminal }, () => {
  const at = (cwd: string, ...args: string[]) => new Terminal(args, halfkey.env(), cwd)

  test("the question names file, server, workspace and what would go there; Enter is no; -y and --no-input are no yes", async () => {
    const cwd = repository("first", endpoint)
    for (const option of ["-y", "--no-input"]) {
      assert.deepEqual(await at(cwd, "get", "A", option).end(), { shown: refusal(cwd, endpoint), code: 2 })
    }
    const { apiKey = "", clientId } = halfkey.profile()
    const question = `halfkey: a file names a server that nothing of yours confirms
  file       ${cwd}/halfkey.json
  server     ${endpoint}
  workspace  ${crn}
  would get  the API key ${apiKey.split("_")[1]}, and a signed proof of client ${clientId}, whose key stays here (profile local)
Send that to this server, now and from now on? [y/N] `
    for (const [args, code] of [
      [["get", "A"], 1],
      [["run", "--", "true"], 125],
    ] as const) {
      const terminal = at(cwd, ...args)
      await terminal.shows("[y/N] ")
      terminal.type("\r")
      assert.deepEqual(await terminal.end(), { shown: `${question}\nhalfkey: nothing was sent\n`, code })
    }
    const interrupted = at(cwd, "get", "A")
    await interrupted.shows("[y/N] ")
    interrupted.type("\u{3}")
    assert.equal((await interrupted.end()).code, 130)
    assert.equal(statSync(trustFile, { throwIfNoEntry: false }), undefined)
  })

  test("a yes holds for workspace and server wherever the file lies, until the file names another one", async () => {
    const cwd = repository("first", endpoint)
    const terminal = at(cwd, "run", "--", "printenv", "A")
    await terminal.shows("[y/N] ")
    terminal.type("y\r")
    const { shown, code } = await terminal.end()
    assert.equal(code, 0, shown)
    const told = `halfkey: remembered in ${trustFile}; to take it back: halfkey config trust revoke ${endpoint}\nvalue\n`
    assert.ok(shown.endsWith(told), shown)
    assert.equal((statSync(trustFile).mode & 0o777).toString(8), "600")
    const [entry] = JSON.parse(readFileSync(trustFile, "utf8"))
    assert.deepEqual([entry.workspaceCRN, entry.origin], [crn, endpoint])
    // Without a terminal, warm and cold, and from another place.
    const moved = repository("moved", `${endpoint}/`)
    for (const place of [cwd, moved]) {
      assert.equal(await halfkey.ok(["run", "--", "printenv", "A"], { cwd: place }), "value\n")
      assert.equal(await halfkey.ok(["run", "--", "printenv", "A"], { cwd: place }), "value\n")
      assert.equal(await halfkey.ok(["get", "A"], { cwd: place }), "value")
    }
    const explained = await halfkey.ok(["config", "explain"], { cwd })
    assert.match(explained, new RegExp(`^trust\tconfirmed on ${entry.since}\tanswer\t${trustFile}$`, "m"))
    const workspaceId = crn.split(":")[2]
    const kept = `state/${workspaceId}\\.[^\t]*,an access token until [^\t]*Z`
    assert.match(explained, new RegExp(`^kept\t${kept}\tdirectory\t${halfkey.configDirectory}$`, "m"))
    const { port } = new URL(endpoint)
    const other = endpoint.replace(port, port === "1" ? "2" : "1")
    repository("moved", other)
    assert.deepEqual(await at(moved, "get", "A", "--no-input").end(), { shown: refusal(moved, other), code: 2 })
    assert.equal((await halfkey.run(["get", "A"], { cwd: moved })).stderr, refusal(moved, other))
  })

  test("it is listed, and taken back", async () => {
    const cwd = repository("first", endpoint)
    const listed = await halfkey.ok(["config", "trust", "list"])
    assert.match(listed, new RegExp(`^${endpoint}\t${crn}\t\\d{4}-[^\t]*Z\n$`))
    assert.equal(await halfkey.ok(["config", "trust"]), listed)
    assert.deepEqual(await halfkey.run(["config", "trust", "revoke", "https://nobody.example"]), {
      code: 2,
      signal: null,
      stdout: "",
      stderr: `halfkey: https://nobody.example is none of the confirmed servers\n  try: halfkey config trust revoke ${endpoint}\n`,
    })
    assert.deepEqual(await halfkey.run(["config", "trust", "revoke", `${endpoint}/some/path`]), {
      code: 0,
      signal: null,
      stdout: "",
      stderr: `halfkey: ${endpoint} is confirmed no more: the next command at a terminal asks, others send nothing there\n`,
    })
    assert.deepEqual(await halfkey.run(["config", "trust", "list"]), {
      code: 0,
      signal: null,
      stdout: "",
      stderr: "halfkey: no server was confirmed on this machine\n",
    })
    assert.equal((await halfkey.run(["run", "--", "true"], { cwd })).stderr, refusal(cwd, endpoint))
    for (const args of [["list", "x"], ["revok"], ["revoke"], ["revoke", "nonsense"]]) {
      const { code, stderr } = await halfkey.run(["config", "trust", ...args])
      assert.equal(code, 2)
      assert.match(stderr, /^halfkey: .*\n {2}try: halfkey config trust /)
    }
  })
})

test("answers that others may have written count for nothing, and only where they are needed", async () => {
  const cwd = repository("tampered", endpoint)
  writeFileSync(trustFile, JSON.stringify([{ workspaceCRN: crn, origin: endpoint, since: "2026-01-01" }]))
  chmodSync(trustFile, 0o644)
  const { code, stderr } = await halfkey.run(["get", "A"], { cwd })
  assert.equal(code, 2)
  assert.match(stderr, /^halfkey: other users of this machine may read .*trust\.json \(mode 0644\)\n/)
  assert.equal(await halfkey.ok(["get", "A", "-e", "development"]), "value")
  chmodSync(trustFile, 0o600)
  assert.equal(await halfkey.ok(["get", "A"], { cwd }), "value")
  for (const damaged of ["{", "{}", '[{"origin":5}]']) {
    writeFileSync(trustFile, damaged)
    assert.deepEqual(await halfkey.run(["get", "A"], { cwd }), {
      code: 2,
      signal: null,
      stdout: "",
      stderr: `halfkey: ${trustFile} is damaged: it is no list of confirmed servers\n  try: rm ${trustFile}   (this machine then asks again)\n`,
    })
  }
})
