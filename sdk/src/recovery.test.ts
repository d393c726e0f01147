/** Recovery against the real server, and against one that lies in between. */
import assert from "node:assert/strict"
import { after, before, beforeEach, test } from "node:test"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { formatRecoveryKit } from "@halfkey/core/formats/text-keys"
import { systemRandom } from "@halfkey/core/primitives/random"
import {
  Admin,
  checkRecoveryKit,
  createWorkspace,
  type NewWorkspace,
  type RecoveredWorkspace,
  type RecoverOptions,
  type RecoveryPlan,
  recoverWorkspace,
} from "./admin.ts"
import { Secrets, type SecretsOptions, unwrap } from "./secrets.ts"
import type { FreshnessState } from "./stores.ts"
import { RealServer } from "./testing/real-server.ts"
import { intercepted, type Tamper, tampered } from "./testing/tampering.ts"
import type { Transport } from "./transport.ts"
import { fetchTransport } from "./transport-fetch.ts"

const server = new RealServer()
let workspace: NewWorkspace
let current: Pick<RecoveredWorkspace, "workspaceCRN" | "clientId" | "clientKey" | "apiKey">

before(async () => {
  await server.start()
  workspace = unwrap(
    await createWorkspace({
      endpoint: server.url,
      setupToken: server.setupToken,
      label: "admin",
      environments: ["production", "staging"],
      timeoutMs: 30_000,
    }),
  )
  current = workspace
})
after(() => server.stop())
beforeEach(() => {
  sent.length = 0
})

const sent: { readonly path: string; readonly authorization: string; readonly body: string }[] = []

/** Notes what is sent, so that it can be sent again. */
const watched: Transport = async (request) => {
  const { authorization = "" } = request.headers
  sent.push({ path: new URL(request.url).pathname, authorization, body: request.body ?? "" })
  return await fetchTransport(request)
}

function optionsOf(
  { apiKey, clientId, clientKey, workspaceCRN }: Partial<RecoveredWorkspace>,
  environment = "production",
): SecretsOptions {
  return { apiKey, clientId, clientKey, workspaceCRN, environment, endpoint: server.url, timeoutMs: 30_000, env: {} }
}

function recover(more: Partial<RecoverOptions> = {}) {
  const { recoveryKit } = workspace
  return recoverWorkspace({ endpoint: server.url, recoveryKit, label: "new admin", transport: watched, ...more })
}

/** As the current admin. */
async function asAdmin<T>(work: (admin: Admin, secrets: Secrets) => Promise<T>): Promise<T> {
  const admin = new Admin(optionsOf(current))
  const secrets = new Secrets(optionsOf(current))
  try {
    return await work(admin, secrets)
  } finally {
    await admin.close()
    await secrets.close()
  }
}

async function codeOf(credentials: Partial<RecoveredWorkspace>): Promise<string | undefined> {
  const secrets = new Secrets(optionsOf(credentials))
  const { failure } = await secrets.get("A")
  await secrets.close()
  return failure?.code
}

const post = (path: string, authorization: string, body: string) =>
  fetch(`${server.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(authorization !== "" && { authorization }) },
    body,
  })

test("the kit alone brings an admin who reads every environment and epoch; everybody else is out", async () => {
  const { control, member } = await asAdmin(async (admin, secrets) => {
    unwrap(await secrets.set("A", "first"))
    unwrap(await secrets.set("A", "staged", { environment: "staging" }))
    const environments = [{ name: "production" }]
    const made = unwrap(await admin.clients.create({ label: "member", environments, apiKey: {} }))
    // A second epoch, with a record under each.
    const leaver = unwrap(await admin.clients.create({ label: "leaver", environments }))
    unwrap(await admin.grants.revoke(leaver.credentials.clientId, ["production"], { rotate: true }))
    unwrap(await secrets.set("B", "under epoch 2"))
    const key = unwrap(await admin.apiKeys.create({ label: "control", role: "control", clientId: null }))
    return { control: key.secret, member: made.credentials }
  })
  const plans: RecoveryPlan[] = []
  const recovered = unwrap(await recover({ beforeRecovery: (plan) => void plans.push(plan) }))
  assert.equal(recovered.workspaceCRN, workspace.workspaceCRN)
  assert.deepEqual(recovered.environments, ["production", "staging"])
  assert.deepEqual(recovered.notRecovered, [])
  const [plan] = plans
  assert.deepEqual(plan?.admin, { clientId: recovered.clientId, label: "new admin" })
  assert.deepEqual(plan?.granters, [{ clientId: workspace.clientId, label: "admin" }])
  assert.deepEqual(
    plan?.environments.map(({ name, members }) => [name, members.length]),
    [
      ["production", 2],
      ["staging", 1],
    ],
  )
  for (const { body, authorization } of sent) {
    const bytes = workspace.recoveryKit.slice(5, 40)
    assert.ok(
      !body.includes(bytes) && !authorization.includes(bytes) && !body.includes(recovered.clientKey.slice(5, 40)),
    )
  }
  const secrets = new Secrets(optionsOf(recovered))
  assert.deepEqual(unwrap(await secrets.getMany(["A", "B"])), { A: "first", B: "under epoch 2" })
  assert.equal(unwrap(await secrets.get("A", { environment: "staging" })), "staged")
  assert.equal(unwrap(await secrets.set("A", "second")).version, 2)
  await secrets.close()

  assert.equal(await codeOf(workspace), "api_key_revoked")
  assert.equal(await codeOf(member), "api_key_revoked")
  const keyOnly = new Admin({ workspaceCRN: workspace.workspaceCRN, apiKey: control, endpoint: server.url, env: {} })
  assert.equal((await keyOnly.environments.list()).failure?.code, "api_key_revoked")
  await keyOnly.close()
  current = recovered
  await asAdmin(async (admin) => {
    assert.deepEqual(unwrap(await admin.granters.list()), [{ clientId: recovered.clientId, label: "new admin" }])
    for (const { members } of unwrap(await admin.grants.list())) assert.equal(members.length, 1)
    const { client } = unwrap(await admin.clients.create({ label: "b", environments: [{ name: "production" }] }))
    assert.equal(client.environments.length, 1)
    assert.ok(unwrap(await admin.clients.list()).find(({ clientId }) => clientId === workspace.clientId)?.revokedAt)
  })
})

test("it can be repeated: the admin before is out", async () => {
  const before = current
  current = unwrap(await recover({ workspaceCRN: workspace.workspaceCRN }))
  assert.equal(await codeOf(before), "api_key_revoked")
  assert.equal(await codeOf(current), undefined)
})

test("a kit is checked before anything is sent", async () => {
  const other = formatRecoveryKit(systemRandom(32))
  const wrong = [
    [{ recoveryKit: `${workspace.recoveryKit.slice(0, -1)}x` }, "invalid_key_text"],
    [{ recoveryKit: "" }, "invalid_key_text"],
    [{ recoveryKit: other, workspaceCRN: workspace.workspaceCRN }, "invalid_argument"],
    [{ label: " " }, "invalid_argument"],
    [{ endpoint: "http://halfkey.example" }, "invalid_configuration"],
    [{ workspaceCRN: "crn:x" }, "invalid_crn"],
  ] as const
  for (const [more, code] of wrong) {
    const { failure } = await recover(more)
    assert.equal(failure?.code, code, JSON.stringify(Object.keys(more)))
    assert.ok(!JSON.stringify(failure).includes(workspace.recoveryKit.slice(5, 30)))
  }
  assert.equal(sent.length, 0)
  // Who names no workspace learns from the server that it has none for this kit.
  assert.equal((await recover({ recoveryKit: other })).failure?.code, "invalid_client")

  const { workspaceId } = unwrap(await checkRecoveryKit(workspace.recoveryKit, workspace.workspaceCRN))
  assert.ok(workspace.workspaceCRN.endsWith(`:${workspaceId}`))
  assert.equal(unwrap(await checkRecoveryKit(workspace.recoveryKit)).workspaceId, workspaceId)
  assert.equal((await checkRecoveryKit(other, workspace.workspaceCRN)).failure?.code, "invalid_argument")
  assert.equal((await checkRecoveryKit("hkrk_x")).failure?.code, "invalid_key_text")
})

test("the caller may stop, and nothing has changed", async () => {
  assert.equal((await recover({ beforeRecovery: () => false })).failure?.code, "aborted")
  assert.ok(!sent.some(({ path }) => path === "/v1/recovery/commit"))
  assert.equal(await codeOf(current), undefined)
})

test("an assertion counts once, for this route's proof only", async () => {
  current = unwrap(await recover())
  const requests = sent.filter(({ path }) => path.startsWith("/v1/recovery/"))
  assert.equal(requests.length, 2)
  for (const { path, authorization, body } of requests) {
    for (const target of [path, "/v1/recovery/read"]) {
      const answer = await post(target, authorization, target === path ? body : "{}")
      assert.equal(answer.status, 401)
      assert.match(await answer.text(), /"code":"invalid_client"/)
    }
    const token = await fetch(`${server.url}/v1/workspace`, { headers: { authorization } })
    assert.equal(token.status, 401)
  }
  assert.equal(await codeOf(current), undefined)
  for (const bearer of ["", "Bearer x", "Bearer a.b.c", `Bearer ${current.apiKey}`]) {
    assert.equal((await post("/v1/recovery/read", bearer, "{}")).status, 401)
  }
})

test("neither a client's assertion nor an old or foreign one of the root counts", async () => {
  let assertion = ""
  const transport: Transport = async (request) => {
    assertion = new URLSearchParams(request.body).get("client_assertion") ?? assertion
    return await fetchTransport(request)
  }
  const admin = new Admin({ ...optionsOf(current), transport })
  unwrap(await admin.workspace())
  await admin.close()
  assert.notEqual(assertion, "")
  assert.equal((await post("/v1/recovery/read", `Bearer ${assertion}`, "{}")).status, 401)

  for (const minutes of [-5, 5]) {
    const { failure } = await recover({ now: () => Date.now() + minutes * 60_000 })
    assert.equal(failure?.code, "invalid_client")
    assert.match(failure?.message ?? "", /root assertion is refused/)
  }
  const region = workspace.workspaceCRN.replace("local.self", "other.place")
  assert.equal((await recover({ workspaceCRN: region })).failure?.code, "invalid_client")
})

test("missing, replaced and garbage recovery grants are refused; the environment can be left out", async () => {
  const grantsOf = (json: { keysets: { manifests: { name: string }[]; recoveryGrants: { sealedHalf: string }[] }[] }) =>
    json.keysets.find(({ manifests }) => manifests[0]?.name === "production")?.recoveryGrants ?? []
  const lies: readonly Tamper[] = [
    (json) => void grantsOf(json).shift(),
    (json) => void grantsOf(json).splice(0),
    (json) => Object.assign(grantsOf(json)[0] ?? {}, { sealedHalf: grantsOf(json)[1]?.sealedHalf }),
    (json) =>
      Object.assign(grantsOf(json)[0] ?? {}, { sealedHalf: Buffer.from(systemRandom(48)).toString("base64url") }),
  ]
  for (const lie of lies) {
    const transport = tampered(watched, "POST /v1/recovery/read", lie)
    const { failure } = await recover({ transport })
    assert.deepEqual([failure?.code, failure?.check], ["keyset_verification_failed", "recovery"])
    assert.ok(!sent.some(({ path }) => path === "/v1/recovery/commit"))
  }
  assert.equal((await recover({ without: ["nothing"] })).failure?.code, "keyset_not_found")
  const transport = tampered(watched, "POST /v1/recovery/read", (json) => void grantsOf(json).shift())
  const partly = unwrap(await recover({ transport, without: ["production"] }))
  assert.deepEqual([partly.environments, partly.notRecovered], [["staging"], ["production"]])
  const secrets = new Secrets(optionsOf(partly))
  assert.equal(unwrap(await secrets.get("A", { environment: "staging" })), "staged")
  assert.equal((await secrets.get("A")).failure?.code, "keyset_not_found")
  await secrets.close()
  current = unwrap(await recover())
  assert.equal(await codeOf(current), undefined)
})

test("documents that nobody signed, old ones and left-out ones are refused before anything is sealed", async () => {
  let stored: FreshnessState = {}
  const freshness = {
    load: async () => stored,
    save: async (state: FreshnessState) => {
      stored = state
    },
  }
  // This machine has seen the newest.
  current = unwrap(await recover({ freshness }))
  // biome-ignore lint/suspicious/noExplicitAny: an answer is anything.
  const newest = (json: any) => json.keysets[0].manifests.at(-1)
  const lies: readonly (readonly [string, Tamper, Partial<RecoverOptions>, string])[] = [
    [
      "an extra member",
      (json) =>
        newest(json).members.push({ ...newest(json).members[0], clientId: "ffffffff-ffff-8fff-bfff-ffffffffffff" }),
      {},
      "signature",
    ],
    ["the newest roster hidden, which the manifests name", (json) => void json.rosters.pop(), {}, "signer"],
    [
      "a forged roster",
      (json) => void json.rosters.push({ ...json.rosters.at(-1), seq: json.rosters.length + 1 }),
      {},
      "roster",
    ],
    ["a roster with a hole", (json) => void json.rosters.splice(1, 1), {}, "roster"],
    [
      "another root",
      (json) => Object.assign(json.root, { signPk: Buffer.from(systemRandom(32)).toString("base64url") }),
      {},
      "root",
    ],
    ["unknown members", (json) => Object.assign(newest(json), { admin: true }), {}, "encoding"],
    ["one environment twice", (json) => void json.keysets.push(json.keysets[0]), {}, "key set"],
    ["an environment left out", (json) => void json.keysets.pop(), { freshness }, "freshness"],
    ["no manifest", (json) => void json.keysets[0].manifests.splice(0), {}, "manifest"],
  ]
  for (const [what, lie, more, check] of lies) {
    const before = JSON.stringify(stored)
    const { failure } = await recover({ ...more, transport: tampered(watched, "POST /v1/recovery/read", lie) })
    assert.deepEqual([failure?.code, failure?.check], ["keyset_verification_failed", check], what)
    assert.equal(JSON.stringify(stored), before)
  }
  // The chain as it was before: shorter, and every link good.
  let old = ""
  const keep = tampered(watched, "POST /v1/recovery/read", (json) => {
    old = JSON.stringify(json)
  })
  await recover({ transport: keep, beforeRecovery: () => false })
  current = unwrap(await recover({ freshness }))
  const replay = tampered(watched, "POST /v1/recovery/read", (json) => Object.assign(json, JSON.parse(old)))
  const { failure } = await recover({ freshness, transport: replay })
  assert.equal(failure?.check, "freshness")
  assert.ok(!sent.slice(-1).some(({ path }) => path === "/v1/recovery/commit"))
})

test("whoever changes the workspace meanwhile makes it start over; a lost answer says to do it again", async () => {
  let changed = 0
  const transport = intercepted(watched, "POST /v1/recovery/commit", async (_, count) => {
    if (count === 1) {
      await asAdmin(
        async (admin) =>
          void unwrap(await admin.clients.create({ label: "late", environments: [{ name: "staging" }] })),
      )
      changed += 1
    }
    return undefined
  })
  current = unwrap(await recover({ transport }))
  assert.equal(changed, 1)
  assert.equal(sent.filter(({ path }) => path === "/v1/recovery/read").length, 2)
  const lost = intercepted(watched, "POST /v1/recovery/commit", async (request) => {
    await fetchTransport(request)
    throw new HalfkeyError("server_unreachable", "the connection was lost")
  })
  const { failure } = await recover({ transport: lost })
  assert.match(failure?.message ?? "", /may or may not have been recovered/)
  assert.equal(await codeOf(current), "api_key_revoked")
  current = unwrap(await recover())
  assert.equal(await codeOf(current), undefined)
})

test("the server takes nothing less than a whole recovery", async () => {
  // biome-ignore lint/suspicious/noExplicitAny: a request is anything.
  const changes: readonly (readonly [string, (body: any) => unknown, number])[] = [
    ["an environment left with a signer who is out", (body) => void body.keysets.pop(), 422],
    ["one twice", (body) => void body.keysets.push(body.keysets[0]), 422],
    ["a narrowed API key", (body) => Object.assign(body.apiKey, { readOnly: true }), 400],
    ["a member's API key", (body) => Object.assign(body.apiKey, { role: "member" }), 400],
    ["another roster", (body) => Object.assign(body.roster, { createdAt: "2026-01-31T00:00:00.000Z" }), 422],
    [
      "another client's keys",
      (body) => Object.assign(body.client, { kemPk: body.client.kemPk.replace(/^..../, "AAAA") }),
      422,
    ],
    ["no roster", (body) => delete body.roster, 400],
  ]
  for (const [what, change, status] of changes) {
    let answered = 0
    const transport: Transport = async (request) => {
      if (!request.url.endsWith("/commit")) return await watched(request)
      const body = JSON.parse(request.body ?? "{}")
      change(body)
      const response = await fetchTransport({ ...request, body: JSON.stringify(body) })
      answered = response.status
      return response
    }
    assert.notEqual((await recover({ transport })).failure, undefined, what)
    assert.equal(answered, status, what)
    assert.equal(await codeOf(current), undefined)
  }
})
