/** The server is killed at every request of a rotation, and whoever rotates gives up with it: the next call finishes. */
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { Admin, createWorkspace } from "./admin.ts"
import type { NewWorkspace } from "./administration/types.ts"
import type { SecretsOptions } from "./options.ts"
import { type FreshnessState, Secrets, unwrap } from "./secrets.ts"
import { RealServer } from "./testing/real-server.ts"
import { using } from "./testing/using.ts"
import type { Transport, TransportRequest } from "./transport.ts"
import { fetchTransport } from "./transport-fetch.ts"

const environment = "development"
const server = new RealServer()
let workspace: NewWorkspace
/** A machine that has seen everything since the beginning. */
let state: FreshnessState = {}
const freshness = {
  load: async () => state,
  save: async (saved: FreshnessState) => {
    state = saved
  },
}

before(async () => {
  await server.start()
  workspace = unwrap(
    await createWorkspace({ endpoint: server.url, setupToken: server.setupToken, label: "admin", timeoutMs: 30_000 }),
  )
  await using(new Secrets(options()), async (secrets) => {
    for (const round of ["old", "new"]) {
      const entries = Array.from({ length: 5 }, (_, index) => [`N_${index}`, `${round} ${index}`])
      unwrap(await secrets.setMany(Object.fromEntries(entries)))
    }
    unwrap(await secrets.set("GONE", "x"))
    unwrap(await secrets.delete("GONE"))
  })
})
after(() => server.stop())

function options(more: SecretsOptions = {}): SecretsOptions {
  const { recoveryKit: _, ...credentials } = workspace
  return { ...credentials, environment, endpoint: server.url, timeoutMs: 30_000, env: {}, freshness, ...more }
}

/** Small pages, so that a rotation of twelve versions takes several. */
function inSmallPages(request: TransportRequest): TransportRequest {
  if (!request.url.endsWith("/stale")) return request
  return { ...request, body: JSON.stringify({ ...JSON.parse(request.body ?? ""), limit: 5 }) }
}

/** All that is there, and the epochs that it is under. */
async function lookAtEverything(): Promise<Set<number>> {
  const epochs = new Set<number>()
  await using(new Secrets(options()), async (secrets) => {
    const values = unwrap(await secrets.readAll()).map(({ value }) => new TextDecoder().decode(value))
    assert.deepEqual(values, ["new 0", "new 1", "new 2", "new 3", "new 4"])
    const early = unwrap(await secrets.getVersion("N_3", 1))
    assert.equal(new TextDecoder().decode(early.value), "old 3")
    for (const name of ["N_0", "N_1", "N_2", "N_3", "N_4", "GONE"]) {
      const history = unwrap(await secrets.history(name))
      assert.deepEqual(
        history.map(({ version }) => version),
        [2, 1],
      )
      for (const { epoch } of history) epochs.add(epoch)
    }
    assert.equal((await secrets.get("GONE")).failure?.code, "secret_not_found")
  })
  return epochs
}

type Moment = "before it is answered" | "when the answer is under way"

/** Rotates, and kills the server at one request. Resolves to whether there was such a request. */
async function rotateUntil(step: number, moment: Moment): Promise<boolean> {
  const giveUp = new AbortController()
  let count = 0
  let killed = false
  const transport: Transport = async (request) => {
    if (count++ !== step) return await fetchTransport(inSmallPages(request))
    const answer = fetchTransport(inSmallPages(request)).catch(() => undefined)
    if (moment === "when the answer is under way") await answer
    await server.kill()
    killed = true
    giveUp.abort()
    await answer
    throw new Error("nobody is there")
  }
  await using(new Admin(options({ transport })), async (admin) => {
    const { failure } = await admin.environments.rotate(environment, { signal: giveUp.signal })
    assert.equal(failure?.code, killed ? "aborted" : undefined)
  })
  return killed
}

for (const moment of ["when the answer is under way", "before it is answered"] as const) {
  test(`kill -9 of the server at every request, ${moment}`, async () => {
    let step = 0
    while (await rotateUntil(step, moment)) {
      await server.start()
      await lookAtEverything()
      await using(new Admin(options()), async (admin) => void unwrap(await admin.environments.rotate(environment)))
      assert.equal((await lookAtEverything()).size, 1)
      step++
    }
    // Token, documents, new epoch, documents, four times what is left and three times sealing, retirement, documents.
    assert.ok(step >= 10, `${step} requests`)
  })
}
