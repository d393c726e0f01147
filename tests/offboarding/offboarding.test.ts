/**
 * Whoever is put out stops at the next request, whatever it holds: a running program, a token, keys, halves. Asserted by the
 * order of events in one process, never by time: every request that was sent after the answer arrived that puts it out.
 */
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import {
  Admin,
  type ClientCredentials,
  createWorkspace,
  type NewWorkspace,
  recoverWorkspace,
  unwrap,
} from "halfkey/admin"
import { Secrets, type SecretsOptions, type Transport } from "halfkey/secrets"
import { RealServer } from "../../sdk/src/testing/real-server.ts"
import { using } from "../../sdk/src/testing/using.ts"
import { Events, type Sent } from "./events.ts"

const server = new RealServer()
let workspace: NewWorkspace

before(async () => {
  await server.start()
  const { setupToken, url: endpoint } = server
  workspace = unwrap(await createWorkspace({ endpoint, setupToken, label: "admin", timeoutMs: 60_000 }))
  await using(new Secrets(options(workspace)), async (secrets) => {
    for (const environment of ["production", "staging"]) unwrap(await secrets.set("A", "value", { environment }))
  })
})
after(() => server.stop())

function options(of: ClientCredentials, transport?: Transport): SecretsOptions {
  const { apiKey, clientId, clientKey, workspaceCRN } = of
  const place = { environment: "production", endpoint: server.url, timeoutMs: 60_000, env: {} }
  return { apiKey, clientId, clientKey, workspaceCRN, ...place, ...(transport && { transport }) }
}

const newClient = () =>
  using(new Admin(options(workspace)), async (admin) => {
    const environments = [{ name: "production" }, { name: "staging" }]
    return unwrap(await admin.clients.create({ label: "leaver", environments, apiKey: {} })).credentials
  })

interface WayOut {
  /** Puts the client out, by this transport. */
  readonly leave: (client: ClientCredentials, transport: Transport) => Promise<unknown>
  /** The request whose answer puts it out. */
  readonly by: RegExp
  /** What it is told from then on. */
  readonly code: string
  /** Whether its other environment stays open to it. */
  readonly keepsStaging?: true
}

const asAdmin = (transport: Transport, work: (admin: Admin) => Promise<unknown>) =>
  using(new Admin(options(workspace, transport)), work)

const waysOut: Readonly<Record<string, WayOut>> = {
  "clients revoke": {
    leave: ({ clientId }, via) => asAdmin(via, async (admin) => unwrap(await admin.clients.revoke(clientId))),
    by: /^DELETE \/v1\/clients\//,
    code: "client_revoked",
  },
  "clients revoke --rotate": {
    leave: ({ clientId }, via) =>
      asAdmin(via, async (admin) => unwrap(await admin.clients.revoke(clientId, { rotate: true }))),
    by: /^DELETE \/v1\/clients\//,
    code: "client_revoked",
  },
  "grants revoke": {
    leave: ({ clientId }, via) =>
      asAdmin(via, async (admin) => unwrap(await admin.grants.revoke(clientId, ["production"]))),
    by: /^PUT \/v1\/keysets\//,
    code: "keyset_not_found",
    keepsStaging: true,
  },
  "keys revoke": {
    leave: ({ apiKey = "" }, via) =>
      asAdmin(via, async (admin) => unwrap(await admin.apiKeys.revoke(apiKey.split("_")[1] ?? ""))),
    by: /^DELETE \/v1\/api-keys\//,
    code: "api_key_revoked",
  },
  // Last, since it puts everybody out.
  recover: {
    leave: async (_, transport) => {
      const { recoveryKit } = workspace
      unwrap(await recoverWorkspace({ endpoint: server.url, recoveryKit, label: "new", transport }))
    },
    by: /^POST \/v1\/recovery\/commit/,
    code: "api_key_revoked",
  },
}

for (const [name, { by, code, keepsStaging, leave }] of Object.entries(waysOut)) {
  test(`${name}: a running program gets nothing of any request that it sends afterwards`, async () => {
    const client = await newClient()
    const events = new Events(by)
    // Programs that are in the middle of things, each with a token and with verified halves in memory.
    const programs = Array.from({ length: 4 }, () => new Secrets(options(client, events.noting)))
    for (const program of programs) assert.equal(unwrap(await program.get("A")), "value")
    const works = [
      (secrets: Secrets) => secrets.get("A"),
      (secrets: Secrets) => secrets.set("A", "value"),
      (secrets: Secrets) => secrets.readAll(),
      (secrets: Secrets) => secrets.list(),
    ]
    const refusals = programs.map(async (program, index) => {
      for (;;) {
        const wasOut = events.isOut
        const { failure } = (await works[index]?.(program)) ?? {}
        if (failure !== undefined) return failure.code
        if (wasOut) return "a call that was begun afterwards succeeded"
      }
    })
    await leave(client, events.watching)
    assert.deepEqual(await Promise.all(refusals), [code, code, code, code])
    assert.ok(events.sent.some(({ afterwards, status }) => !afterwards && status === 200))

    // The next calls of the same programs; before they went out, the answer had arrived.
    for (const [index, program] of programs.entries()) {
      assert.equal((await works[index]?.(program))?.failure?.code, code)
    }
    const afterwards = events.sent.filter((each) => each.afterwards)
    assert.ok(afterwards.length >= programs.length, "nobody asked afterwards")
    for (const { path, status = 0 } of afterwards) assert.ok(status >= 400, `${path} was answered by ${status}`)
    for (const program of programs) {
      const { failure } = await program.get("A", { environment: "staging" })
      assert.equal(failure?.code, keepsStaging ? undefined : code)
    }
    await requireWorthless(events.sent, code)
    // What was acknowledged holds after kill -9 as well.
    await server.kill()
    await server.start()
    await requireWorthless(events.sent, code)
    await using(new Secrets(options(client)), async (secrets) => {
      assert.equal((await secrets.get("A")).failure?.code, code)
    })
    for (const program of programs) await program.close()
  })
}

/** Every token that was ever used, sent by a thief. */
async function requireWorthless(sent: readonly Sent[], code: string): Promise<void> {
  const tokens = new Set(sent.flatMap(({ authorization }) => (authorization === undefined ? [] : [authorization])))
  assert.ok(tokens.size > 0)
  for (const authorization of tokens) {
    const headers = { authorization, "content-type": "application/json" }
    const body = JSON.stringify({ environment: "production", secrets: [{ name: "A" }] })
    const asked = [
      fetch(`${server.url}/v1/secrets/read`, { method: "POST", headers, body }),
      fetch(`${server.url}/v1/keysets/production/data-keys/generate`, { method: "POST", headers, body: '{"count":1}' }),
    ]
    for (const response of await Promise.all(asked)) {
      const answer = (await response.json()) as { readonly code?: string }
      assert.equal(answer.code, code)
    }
  }
}
