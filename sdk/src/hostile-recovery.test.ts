/** Recovery from a server that lies, and requests that a server must not take. */
import assert from "node:assert/strict"
import { after, before, beforeEach, test } from "node:test"
import { systemRandom } from "@halfkey/core/primitives/random"
import type { RecoverOptions } from "./admin.ts"
import { Secrets, unwrap } from "./secrets.ts"
import type { FreshnessState } from "./stores.ts"
import { RecoveryScene } from "./testing/recovery-scene.ts"
import { type Tamper, tampered } from "./testing/tampering.ts"
import type { Transport } from "./transport.ts"
import { fetchTransport } from "./transport-fetch.ts"

const scene = new RecoveryScene()
before(async () => {
  await scene.start()
  await scene.asAdmin(async (_, secrets) => {
    unwrap(await secrets.set("A", "first"))
    unwrap(await secrets.set("A", "staged", { environment: "staging" }))
  })
  // A second epoch.
  scene.current = unwrap(await scene.recover())
})
after(() => scene.server.stop())
beforeEach(() => {
  scene.sent.length = 0
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
    const transport = tampered(scene.watched, "POST /v1/recovery/read", lie)
    const { failure } = await scene.recover({ transport })
    assert.deepEqual([failure?.code, failure?.check], ["keyset_verification_failed", "recovery"])
    assert.ok(!scene.sent.some(({ path }) => path === "/v1/recovery/commit"))
  }
  assert.equal((await scene.recover({ without: ["nothing"] })).failure?.code, "keyset_not_found")
  const transport = tampered(scene.watched, "POST /v1/recovery/read", (json) => void grantsOf(json).shift())
  const partly = unwrap(await scene.recover({ transport, without: ["production"] }))
  assert.deepEqual([partly.environments, partly.notRecovered], [["staging"], ["production"]])
  const secrets = new Secrets(scene.optionsOf(partly))
  assert.equal(unwrap(await secrets.get("A", { environment: "staging" })), "staged")
  assert.equal((await secrets.get("A")).failure?.code, "keyset_not_found")
  await secrets.close()
  scene.current = unwrap(await scene.recover())
  assert.equal(await scene.codeOf(scene.current), undefined)
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
  scene.current = unwrap(await scene.recover({ freshness }))
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
    const { failure } = await scene.recover({
      ...more,
      transport: tampered(scene.watched, "POST /v1/recovery/read", lie),
    })
    assert.deepEqual([failure?.code, failure?.check], ["keyset_verification_failed", check], what)
    assert.equal(JSON.stringify(stored), before)
  }
  // The chain as it was before: shorter, and every link good.
  let old = ""
  const keep = tampered(scene.watched, "POST /v1/recovery/read", (json) => {
    old = JSON.stringify(json)
  })
  await scene.recover({ transport: keep, beforeRecovery: () => false })
  scene.current = unwrap(await scene.recover({ freshness }))
  const replay = tampered(scene.watched, "POST /v1/recovery/read", (json) => Object.assign(json, JSON.parse(old)))
  const { failure } = await scene.recover({ freshness, transport: replay })
  assert.equal(failure?.check, "freshness")
  assert.ok(!scene.sent.slice(-1).some(({ path }) => path === "/v1/recovery/commit"))
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
      if (!request.url.endsWith("/commit")) return await scene.watched(request)
      const body = JSON.parse(request.body ?? "{}")
      change(body)
      const response = await fetchTransport({ ...request, body: JSON.stringify(body) })
      answered = response.status
      return response
    }
    assert.notEqual((await scene.recover({ transport })).failure, undefined, what)
    assert.equal(answered, status, what)
    assert.equal(await scene.codeOf(scene.current), undefined)
  }
})
