import assert from "node:assert/strict"
import { test } from "node:test"
import { resolveSettings, type SettingSources } from "./resolve.ts"

const crnA = `crn:local.self:${"A".repeat(26)}`
const crnB = `crn:us-east-1.aws:${"B".repeat(26)}`
const data = {
  endpoint: "http://127.0.0.1:4253",
  workspaceCRN: crnA,
  clientId: "p-id",
  clientKey: "p-key",
  apiKey: "p-api",
  environment: "p-env",
}
const byDefault = { value: "local", source: "default", from: "default-profile" } as const
const byFlag = { value: "local", source: "flag", from: "--profile" } as const
const profile = { name: "local", chosenBy: byDefault, data }
const nothing: SettingSources = { flags: {}, env: {}, file: undefined, profile: undefined }
const variables = {
  CS_WORKSPACE_CRN: crnB,
  CS_CLIENT_ID: "v-id",
  CS_CLIENT_KEY: "v-key",
  CS_CLIENT_ACCESS_KEY: "v-api",
  CS_ENDPOINT: "https://v.example",
  CS_ENVIRONMENT: "v-env",
}

test("flag, variable, halfkey.json, profile, default: in this order", () => {
  const file = { path: "/r/halfkey.json", environment: "f-env", workspaceCRN: crnA }
  const environments = [
    resolveSettings({ ...nothing, profile }),
    resolveSettings({ ...nothing, profile, file }),
    resolveSettings({ ...nothing, profile, file, env: { CS_ENVIRONMENT: "v-env" } }),
    resolveSettings({ ...nothing, profile, file, env: { CS_ENVIRONMENT: "v-env" }, flags: { environment: "flag" } }),
  ].map(({ environment }) => environment)
  assert.deepEqual(environments, [
    { value: "p-env", source: "profile", from: "profile local" },
    { value: "f-env", source: "file", from: "/r/halfkey.json" },
    { value: "v-env", source: "variable", from: "CS_ENVIRONMENT" },
    { value: "flag", source: "flag", from: "--environment" },
  ])
})

test("nothing is configured: nothing is made up", () => {
  assert.deepEqual(resolveSettings(nothing), {})
  assert.deepEqual(resolveSettings({ ...nothing, env: { CS_CLIENT_ID: "", CS_ENDPOINT: "" } }), {})
})

test("credentials come from one place", () => {
  const { clientId, clientKey, apiKey } = resolveSettings({
    ...nothing,
    profile,
    env: { CS_CLIENT_ACCESS_KEY: "v-api" },
  })
  assert.equal(apiKey?.value, "v-api")
  assert.equal(clientId, undefined)
  assert.equal(clientKey, undefined)
})

test("--profile comes before the variables, a profile by default behind them", () => {
  const sources = { ...nothing, env: variables }
  assert.equal(resolveSettings({ ...sources, profile }).clientKey?.value, "v-key")
  assert.equal(resolveSettings({ ...sources, profile }).endpoint?.value, "https://v.example")
  const chosen = resolveSettings({ ...sources, profile: { ...profile, chosenBy: byFlag } })
  assert.deepEqual(
    [chosen.workspaceCRN, chosen.clientId, chosen.clientKey, chosen.apiKey, chosen.endpoint].map((each) => each?.value),
    [crnA, "p-id", "p-key", "p-api", data.endpoint],
  )
})

test("the default endpoint is for workspaces on this machine only", () => {
  assert.equal(
    resolveSettings({ ...nothing, env: { CS_WORKSPACE_CRN: crnA } }).endpoint?.value,
    "http://127.0.0.1:4253",
  )
  assert.equal(resolveSettings({ ...nothing, env: { CS_WORKSPACE_CRN: crnB } }).endpoint, undefined)
})

test("credentials of variables do not go to the server of another workspace's profile", () => {
  const { CS_ENDPOINT: _, ...withoutEndpoint } = variables
  assert.equal(resolveSettings({ ...nothing, profile, env: withoutEndpoint }).endpoint, undefined)
  const ofSameWorkspace = { ...withoutEndpoint, CS_WORKSPACE_CRN: crnA }
  assert.equal(resolveSettings({ ...nothing, profile, env: ofSameWorkspace }).endpoint?.source, "profile")
})

test("an endpoint that only a committed file names is none, until the person confirms it", () => {
  const file = { path: "/r/halfkey.json", endpoint: "https://evil.example/path/" }
  const { CS_ENDPOINT: _, ...withoutEndpoint } = variables
  for (const sources of [
    { ...nothing, file },
    { ...nothing, file, profile },
    { ...nothing, file, env: withoutEndpoint },
  ]) {
    const { endpoint, unconfirmedEndpoint } = resolveSettings(sources)
    assert.equal(endpoint, undefined)
    assert.deepEqual(unconfirmedEndpoint, { value: "https://evil.example/path", source: "file", from: file.path })
  }
  const asked: string[][] = []
  const answer = { value: "2026-01-01T00:00:00Z", source: "answer", from: "/c/trust.json" } as const
  const trusted = (...about: [string, string]) => {
    asked.push(about)
    return answer
  }
  const confirmed = resolveSettings({ ...nothing, file, profile, trusted })
  assert.equal(confirmed.endpoint?.value, "https://evil.example/path")
  assert.equal(confirmed.endpointConfirmedBy, answer)
  assert.equal(confirmed.unconfirmedEndpoint, undefined)
  assert.deepEqual(asked, [[crnA, "https://evil.example/path"]])
  // Without a workspace there is nothing that an answer could be about.
  assert.equal(resolveSettings({ ...nothing, file, trusted }).endpoint, undefined)
})

test("a flag, variable, profile or the default that says the same confirms it", () => {
  const file = { path: "/r/halfkey.json", endpoint: "https://v.example/" }
  const confirmed = [
    resolveSettings({ ...nothing, file, profile, flags: { endpoint: "https://v.example" } }),
    resolveSettings({ ...nothing, file, profile, env: variables }),
    resolveSettings({ ...nothing, file, profile: { ...profile, data: { ...data, endpoint: "https://v.example" } } }),
  ]
  for (const { endpoint } of confirmed) assert.equal(endpoint?.value, "https://v.example")
  assert.deepEqual(
    confirmed.map(({ endpointConfirmedBy }) => endpointConfirmedBy?.from),
    [undefined, undefined, "profile local"],
  )
  const local = { path: "/r/halfkey.json", endpoint: "http://127.0.0.1:4253", workspaceCRN: crnA }
  assert.equal(resolveSettings({ ...nothing, file: local }).endpoint?.value, "http://127.0.0.1:4253")
})

test("a file that names the workspace does not choose its default endpoint for credentials of variables", () => {
  const env = { CS_CLIENT_ID: "c", CS_CLIENT_KEY: "k", CS_CLIENT_ACCESS_KEY: "a" }
  const workspaceCRN = "crn:local.self:AAAAAAAAAAAAAAAAAAAAAAAAAA"
  const file = { path: "/r/halfkey.json", workspaceCRN }
  const local = { value: "http://127.0.0.1:4253", source: "file", from: "/r/halfkey.json" }
  for (const each of [file, { ...file, endpoint: local.value }]) {
    const asked = resolveSettings({ flags: {}, env, file: each, profile: undefined })
    assert.deepEqual([asked.endpoint, asked.unconfirmedEndpoint], [undefined, local])
    const answer = { value: "now", source: "answer", from: "trust.json" } as const
    const answered = resolveSettings({ flags: {}, env, file: each, profile: undefined, trusted: () => answer })
    assert.deepEqual([answered.endpoint, answered.endpointConfirmedBy], [local, answer])
    const own = resolveSettings({
      flags: {},
      env: { ...env, CS_WORKSPACE_CRN: workspaceCRN },
      file: each,
      profile: undefined,
    })
    assert.equal(own.endpoint?.value, local.value)
    const named = resolveSettings({ flags: { endpoint: local.value }, env, file: each, profile: undefined })
    assert.equal(named.endpoint?.source, "flag")
  }
})

test("a repository of another workspace is not served by the default profile", () => {
  const file = { path: "/r/halfkey.json", workspaceCRN: crnB }
  assert.throws(() => resolveSettings({ ...nothing, file, profile }), /belongs to the workspace crn:us-east-1/)
  assert.equal(
    resolveSettings({ ...nothing, file, profile: { ...profile, chosenBy: byFlag } }).workspaceCRN?.value,
    crnA,
  )
})

test("a pin holds for the environment beside it, whichever one is chosen and however it is named", () => {
  const file = { path: "/r/halfkey.json", environment: "production", minimumRevision: 7 }
  for (const environment of ["production", "staging", "6b0c0a52-77d5-4f0e-9c2e-2d1f5c3b9a10"]) {
    const { minimumRevision } = resolveSettings({ ...nothing, file, flags: { environment } })
    assert.deepEqual(minimumRevision, { value: { production: 7 }, source: "file", from: "/r/halfkey.json" })
  }
})

test("a pin without an environment beside it holds for the chosen one; several name their own", () => {
  const one = { path: "/r/halfkey.json", minimumRevision: 7 }
  assert.equal(resolveSettings({ ...nothing, file: one }).minimumRevision, undefined)
  const chosen = resolveSettings({ ...nothing, file: one, flags: { environment: "staging" } })
  assert.deepEqual(chosen.minimumRevision?.value, { staging: 7 })
  const several = { path: "/r/halfkey.json", minimumRevision: { production: 7, staging: 2 } }
  assert.deepEqual(resolveSettings({ ...nothing, file: several }).minimumRevision?.value, { production: 7, staging: 2 })
})

test("endpoints with a user, a query or another scheme are refused, and not repeated", () => {
  for (const endpoint of ["https://user:canary@x.example", "https://x.example/?canary", "ftp://canary", "canary"]) {
    assert.throws(
      () => resolveSettings({ ...nothing, flags: { endpoint } }),
      (error: Error) =>
        !error.message.includes("canary") && (error as unknown as { code: string }).code === "invalid_configuration",
    )
  }
})
