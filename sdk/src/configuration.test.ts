import assert from "node:assert/strict"
import { before, test } from "node:test"
import { readConfiguration } from "./configuration.ts"
import { allowInsecureEndpoint, type SecretsOptions } from "./options.ts"
import { Secrets, unwrap } from "./secrets.ts"
import { type MemoryWorkspace, memoryWorkspace } from "./testing/memory-workspace.ts"

let place: MemoryWorkspace

before(async () => {
  place = await memoryWorkspace()
})

const variables = () => {
  const { apiKey, clientId, clientKey, workspaceCRN } = place.workspace
  return {
    CS_WORKSPACE_CRN: workspaceCRN,
    CS_CLIENT_ID: clientId,
    CS_CLIENT_KEY: clientKey,
    CS_CLIENT_ACCESS_KEY: apiKey,
  }
}

/** The failure of a first call with these options, and that nothing was sent. */
async function refusedWith(options: SecretsOptions) {
  const requests = place.server.requests.length
  const { failure } = await new Secrets({ transport: place.server.transport, ...options }).get("A")
  assert.equal(place.server.requests.length, requests, "a request was sent")
  return failure
}

test("every option falls back to its variable, and wins over it", async () => {
  const env = { ...variables(), CS_ENDPOINT: "https://other.example/base/", CS_ENVIRONMENT: "staging" }
  const fromVariables = readConfiguration({ env }, "required")
  assert.equal(fromVariables.endpoint, "https://other.example/base")
  assert.equal(fromVariables.environment, "staging")
  assert.equal(fromVariables.client?.clientId, place.workspace.clientId)
  const overridden = readConfiguration({ env, endpoint: "http://localhost:1", environment: "production" }, "required")
  assert.equal(overridden.endpoint, "http://localhost:1")
  assert.equal(overridden.environment, "production")
  assert.equal(readConfiguration({ env: { ...env, CS_ENDPOINT: "" } }, "required").endpoint, "http://127.0.0.1:4253")
})

test("accessKey is another name of apiKey", async () => {
  const { apiKey, ...options } = place.options
  const secrets = new Secrets({ ...options, accessKey: apiKey })
  unwrap(await secrets.set("A", "1"))
  await secrets.close()
  const failure = await refusedWith({ ...place.options, accessKey: `${apiKey}x` })
  assert.equal(failure?.code, "invalid_configuration")
})

test("all missing settings are named at once", async () => {
  const failure = await refusedWith({ env: { CS_CLIENT_KEY: place.workspace.clientKey }, environment: "production" })
  assert.equal(failure?.code, "missing_configuration")
  assert.equal(failure?.type, "ClientError")
  assert.deepEqual(failure?.facts?.["missing"], ["CS_WORKSPACE_CRN", "CS_CLIENT_ID", "CS_CLIENT_ACCESS_KEY"])
})

test("variables that may not be read count as unset, and the failure says what to allow", async () => {
  const env = new Proxy<Record<string, string>>(
    {},
    {
      get: (_, name) => {
        throw new Error(`NotCapable: ${String(name)}`)
      },
    },
  )
  const secrets = new Secrets({ ...place.options, env })
  unwrap(await secrets.set("WITHOUT_VARIABLES", "1"))
  await secrets.close()
  const failure = await refusedWith({ ...place.options, apiKey: undefined, env })
  assert.equal(failure?.code, "missing_configuration")
  assert.equal(failure?.message, "CS_CLIENT_ACCESS_KEY cannot be read: this program may not read variables")
  assert.match(failure?.hint ?? "", /^run it with --allow-env=CS_WORKSPACE_CRN,.*, or pass apiKey$/)
})

test("a missing environment is told, and the call may name it", async () => {
  const { environment: _, ...options } = place.options
  assert.equal((await refusedWith(options))?.code, "missing_configuration")
  const secrets = new Secrets(options)
  unwrap(await secrets.set("B", "1", { environment: "production" }))
  await secrets.close()
})

test("a typing error in any credential is told before any request, and is not repeated", async () => {
  const swap = (text: string) => `${text.slice(0, -1)}${text.endsWith("A") ? "B" : "A"}`
  const { apiKey = "", clientId = "", clientKey = "", workspaceCRN = "" } = place.options
  const wrong: [SecretsOptions, string, string][] = [
    [{ clientKey: swap(clientKey) }, "invalid_key_text", clientKey.slice(5, 40)],
    [{ clientKey: clientKey.slice(1) }, "invalid_key_text", clientKey.slice(5, 40)],
    [{ apiKey: swap(apiKey) }, "invalid_key_text", apiKey.slice(25, 60)],
    [{ workspaceCRN: workspaceCRN.slice(0, -1) }, "invalid_crn", "no-such-text"],
    [{ clientId: clientId.slice(0, -1) }, "invalid_configuration", "no-such-text"],
    [{ clientId: clientId.toUpperCase() }, "invalid_configuration", "no-such-text"],
    [{ environment: "Production" }, "invalid_argument", "no-such-text"],
    [{ timeoutMs: Number.NaN }, "invalid_argument", "no-such-text"],
  ]
  for (const [change, code, secret] of wrong) {
    const failure = await refusedWith({ ...place.options, ...change })
    assert.equal(failure?.code, code, JSON.stringify(change))
    assert.ok(failure?.hint !== undefined || code === "invalid_argument")
    assert.ok(!JSON.stringify(failure).includes(secret), "the failure shows the key")
  }
})

test("an endpoint over plain HTTP is refused unless it is this machine, or explicitly allowed", async () => {
  const endpointOf = (endpoint: string, more: SecretsOptions = {}) =>
    readConfiguration({ ...place.options, endpoint, ...more }, "required").endpoint
  for (const endpoint of [
    "http://localhost:1",
    "http://127.0.0.1",
    "http://127.8.9.1:80",
    "http://[::1]:4253",
    "https://a.example",
  ]) {
    assert.equal(new URL(endpointOf(endpoint)).origin, new URL(endpoint).origin)
  }
  const refused = [
    "http://a.example",
    "http://127.0.0.1.a.example",
    "http://0.0.0.0",
    "ftp://127.0.0.1",
    "a.example",
    "https://u:p@a.example",
    "https://a.example/?x",
  ]
  for (const endpoint of refused) {
    assert.throws(() => endpointOf(endpoint), { code: "invalid_configuration" }, endpoint)
    assert.equal((await refusedWith({ ...place.options, endpoint }))?.code, "invalid_configuration")
  }
  assert.equal(endpointOf("http://a.example", { [allowInsecureEndpoint]: true }), "http://a.example")
  assert.throws(() => endpointOf("http://a.example", { allowInsecureEndpoint: true } as never))
})

test("a region without a default endpoint needs one", async () => {
  const workspaceCRN = place.workspace.workspaceCRN.replace("local.self", "us-east-1.aws")
  const failure = await refusedWith({ ...place.options, workspaceCRN, endpoint: undefined })
  assert.equal(failure?.code, "missing_configuration")
  assert.match(failure?.hint ?? "", /CS_ENDPOINT/)
})
