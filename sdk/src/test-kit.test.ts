import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { pathToFileURL } from "node:url"
import { promisify } from "node:util"
import { Secrets, unwrap } from "./secrets.ts"
import { startTestWorkspace } from "./test-kit.ts"

const run = promisify(execFile)
const entry = (file: string) => JSON.stringify(pathToFileURL(join(import.meta.dirname, file)))

/** What a process left behind. */
const directoriesOf = (pid: string | undefined) =>
  ["/dev/shm", tmpdir()]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder))
    .filter((name) => name.startsWith(`halfkey-test-${pid}-`))

test("a workspace on a real server, with a member of its own, that is gone when it is closed", async () => {
  const place = unwrap(await startTestWorkspace({ environments: ["test", "other"] }))
  try {
    assert.equal(directoriesOf(`${process.pid}`).length, 1)
    unwrap(await place.secrets.set("A", "1"))
    const member = unwrap(await place.client({ label: "reader", environments: [{ name: "test", mode: "read" }] }))
    const secrets = new Secrets(member.options)
    assert.equal(unwrap(await secrets.get("A")), "1")
    assert.equal((await secrets.set("A", "2")).failure?.code, "mode_not_allowed")
    assert.equal((await secrets.get("A", { environment: "other" })).failure?.code, "keyset_not_found")
    await secrets.close()
    const code = `
      import { Secrets, unwrap } from ${entry("secrets.ts")}
      console.log(unwrap(await new Secrets().get("A")))
    `
    const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", code], { env: member.env })
    assert.equal(stdout, "1\n")
  } finally {
    await place.close()
  }
  assert.deepEqual(directoriesOf(`${process.pid}`), [])
  const late = new Secrets({ ...place.options, timeoutMs: 1000 })
  assert.equal((await late.get("A")).failure?.type, "NetworkError")
})

test("two at a time know nothing of each other, and settings of the server are taken", async () => {
  const [one, two] = await Promise.all([
    startTestWorkspace({ serverEnv: { HALFKEY_VALUE_MAX_LENGTH: "131072" } }),
    startTestWorkspace(),
  ])
  const [first, second] = [unwrap(one), unwrap(two)]
  const long = "x".repeat(100_000)
  unwrap(await first.secrets.set("A", long))
  assert.equal((await second.secrets.set("A", long)).failure?.code, "value_too_large")
  assert.equal((await second.secrets.get("A")).failure?.code, "secret_not_found")
  await Promise.all([first.close(), second.close()])
})

test("a program that forgets to close ends, and leaves neither server nor data", async () => {
  const code = `
    import { unwrap } from ${entry("secrets.ts")}
    import { startTestWorkspace } from ${entry("test-kit.ts")}
    const place = unwrap(await startTestWorkspace())
    unwrap(await place.secrets.set("A", "1"))
    console.log(place.endpoint, process.pid)
  `
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", code])
  const [endpoint, pid] = stdout.trim().split(" ")
  await assert.rejects(fetch(`${endpoint}/healthz`))
  assert.deepEqual(directoriesOf(pid), [])
})

test("what is wrong is a failure that says what to do", async () => {
  const { failure } = await startTestWorkspace({ serverEnv: { HALFKEY_LOG_LEVEL: "loud" } })
  assert.equal(failure?.code, "server_unreachable")
  assert.match(failure?.message ?? "", /did not start: halfkey-server: HALFKEY_LOG_LEVEL/)
  const nobody = await startTestWorkspace({ node: "/no/such/node" })
  assert.equal(nobody.failure?.code, "invalid_configuration")
  assert.match(nobody.failure?.hint ?? "", /^pass node, the path of a program of Node 22/)
  assert.equal((await startTestWorkspace({ environments: [] })).failure?.code, "invalid_argument")
  assert.equal((await startTestWorkspace({ environments: ["No such name"] })).failure?.type, "ClientError")
  const nowhere = mkdtempSync(join(tmpdir(), "halfkey-elsewhere-"))
  const code = `
    import { startTestWorkspace } from ${entry("test-kit.ts")}
    console.log((await startTestWorkspace()).failure.hint)
  `
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", code], { cwd: nowhere })
  assert.equal(stdout, "npm install --save-dev @halfkey/server\n")
  rmSync(nowhere, { recursive: true })
})
