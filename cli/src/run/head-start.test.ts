import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { Secrets, type Transport, type TransportRequest, unwrap } from "halfkey/secrets"
import { clientOptions } from "../connect.ts"
import { nodeTransport } from "../http/node-transport.ts"
import { loadSettings, requireConnection } from "../settings/load.ts"
import { Installation } from "../testing/installation.ts"
import { headStart } from "./head-start.ts"

const halfkey = new Installation()
before(async () => {
  await halfkey.up()
  await halfkey.ok(["set", "A", "-e", "development", "-q"], { stdin: "one" })
  // Now the token, the state and the key set are known.
  await halfkey.ok(["get", "A", "-e", "development"])
})
after(() => halfkey.dispose())

const globals = { environment: "development" }
const send = nodeTransport()

/** Records what is really sent. */
function recording(answer: Transport = send): { readonly sent: string[]; readonly transport: Transport } {
  const sent: string[] = []
  const transport: Transport = (request) => {
    sent.push(`${request.method} ${new URL(request.url).pathname} ${request.body}`)
    return answer(request)
  }
  return { sent, transport }
}

const begin = (transport: Transport, now = Date.now()) => headStart(globals, halfkey.env(), "/", now, transport)

function secretsWith(transport: Transport): Secrets {
  const settings = loadSettings(globals, halfkey.env(), "/")
  return new Secrets(clientOptions(requireConnection(settings), settings, halfkey.configDirectory, transport))
}

test("the SDK asks the same, and takes the answer that is under way: one request in all", async () => {
  const { sent, transport } = recording()
  const begun = begin(transport)
  assert.ok(begun !== undefined)
  assert.equal(sent.length, 1)
  const secrets = secretsWith(begun.transport)
  const read = () => secrets.readAll({ environment: "development" }).then((result) => unwrap(result).length)
  assert.equal(await read(), 1)
  assert.deepEqual([sent.length, sent[0]?.startsWith("POST /v1/secrets/read {")], [1, true])
  // The next one is a request of its own.
  assert.equal(await read(), 1)
  assert.equal(sent.length, 2)
  await secrets.close()
})

test("any other request is sent", async () => {
  const { sent, transport } = recording(async () => ({ status: 200, headers: {}, body: `answer ${sent.length}` }))
  const begun = begin(transport)
  assert.ok(begun !== undefined)
  const [first = ""] = sent
  const url = `${halfkey.profile()["endpoint"]}/v1/secrets/read`
  const request: TransportRequest = {
    method: "POST",
    url,
    headers: {},
    body: first.slice(first.indexOf("{")),
    signal: new AbortController().signal,
    maxBytes: 64 * 1024 * 1024,
  }
  assert.equal((await begun.transport(request)).body, "answer 2")
  assert.equal((await begun.transport({ ...request, url: "http://127.0.0.1:1/" })).body, "answer 3")
})

test("a failure of it is a failure of that request, which the SDK repeats", async () => {
  let attempts = 0
  const { sent, transport } = recording((request) =>
    attempts++ === 0 ? Promise.reject(new Error("the connection broke")) : send(request),
  )
  const begun = begin(transport)
  assert.ok(begun !== undefined)
  const secrets = secretsWith(begun.transport)
  assert.equal(unwrap(await secrets.readAll({ environment: "development" })).length, 1)
  assert.equal(sent.length, 2)
  await secrets.close()
})

test("giving up ends it", async () => {
  const begun = begin(
    ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  )
  assert.ok(begun !== undefined)
  const secrets = secretsWith(begun.transport)
  const { failure } = await secrets.readAll({ environment: "development", timeoutMs: 50 })
  assert.equal(failure?.code, "timeout")
  await secrets.close()
})

test("nothing is sent without a fresh token, or where anything is wrong", (t) => {
  const { sent, transport } = recording()
  assert.equal(begin(transport, Date.now() + 16 * 60_000), undefined)
  assert.equal(
    headStart({ environment: "development", profile: "nobody" }, halfkey.env(), "/", 0, transport),
    undefined,
  )
  assert.equal(headStart({}, halfkey.env(), "/", Date.now(), transport), undefined)
  const repository = halfkey.directory
  writeFileSync(join(repository, "halfkey.json"), JSON.stringify({ endpoint: "http://127.0.0.1:9" }))
  t.after(() => writeFileSync(join(repository, "halfkey.json"), "{}"))
  // Only a committed file names that host.
  assert.equal(headStart(globals, halfkey.env(), repository, Date.now(), transport), undefined)
  assert.deepEqual(sent, [])
})
