import assert from "node:assert/strict"
import { test } from "node:test"
import { check } from "./commands/check.ts"
import { readConfig } from "./config.ts"
import { auditLog } from "./testing/audit-log.ts"
import { TestServer } from "./testing/test-server.ts"
import { TestWorkspace } from "./testing/test-workspace.ts"

const hourMs = 60 * 60 * 1000

test("the server's clock jumps, forward and back: nothing is lost or given twice, and afterwards all is as before", async (context) => {
  let jump = 0
  const server = await TestServer.start(context, { now: () => Date.now() + jump, env: { HALFKEY_RATE_LIMIT: "40" } })
  const { admin } = await TestWorkspace.create(server, ["production"])
  const secretsOf = () => admin.get("production", "A")
  await admin.set("production", { A: "1" })
  const used = await admin.requestToken()
  assert.equal(used.status, 200)

  for (const hours of [-30 * 24, 30 * 24, -1, 1, 0]) {
    jump = hours * hourMs
    const answer = await admin.call("POST", "/v1/secrets/read", { environment: "production", secrets: [{ name: "A" }] })
    // A token of before a jump forward has expired; after one back it is younger than it was.
    assert.equal(answer.status, hours > 0 ? 401 : 200, `${hours} hours`)
    if (hours > 0) assert.equal(answer.body.code, "invalid_token")
    // Whoever asks by its own clock is told that the clocks differ.
    const token = await admin.requestToken()
    assert.equal(token.status, hours === 0 ? 200 : 401, `${hours} hours`)
    if (hours !== 0) assert.match(JSON.stringify(token.body), /clock/)
  }
  await admin.set("production", { A: "2" })
  assert.deepEqual(await secretsOf(), { A: "2" })
  const history = await admin.expect("GET", "/v1/secrets/A/versions?environment=production")
  assert.deepEqual(history.versions.map(({ version }: { version: number }) => version).sort(), [1, 2])

  await server.stop()
  const seqs = auditLog(server).map(({ seq }) => seq)
  assert.deepEqual(
    seqs,
    seqs.map((_, index) => index),
    "the order of entries is that of writing, whatever their times say",
  )
  const config = readConfig({ HALFKEY_DATA_DIR: server.dataDirectory })
  const { exit, text } = await check({ config }, [])
  assert.equal(exit, 0, text)
})

test("a clock that jumps gives nobody more requests, and takes none away", async (context) => {
  let jump = 0
  const server = await TestServer.start(context, { now: () => Date.now() + jump, env: { HALFKEY_RATE_LIMIT: "4" } })
  const { admin } = await TestWorkspace.create(server, ["production"])
  const until429 = async () => {
    for (let request = 0; request < 1000; request++) {
      if ((await admin.call("GET", "/v1/workspace")).status === 429) return
    }
    assert.fail("it is never too often")
  }
  await until429()
  jump = -hourMs
  await until429()
  // Backwards in time nobody waits for an hour.
  let answer = await admin.call("GET", "/v1/workspace")
  for (let attempt = 0; attempt < 1000 && answer.status === 429; attempt++) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    answer = await admin.call("GET", "/v1/workspace")
  }
  assert.equal(answer.status, 200)
})
