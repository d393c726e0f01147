import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import { pathToFileURL } from "node:url"
import { promisify } from "node:util"
import { type Failure, Secrets, unwrap, type WatchedChange } from "./secrets.ts"
import { assertKeepsSecrets, canary } from "./testing/canaries.ts"
import { type MemoryWorkspace, memoryWorkspace } from "./testing/memory-workspace.ts"
import { intercepted, problem, tampered } from "./testing/tampering.ts"
import type { Transport } from "./transport.ts"

const intervalMs = 100
let place: MemoryWorkspace
let writer: Secrets

before(async () => {
  place = await memoryWorkspace()
  writer = new Secrets(place.options)
  unwrap(await writer.setMany({ "w/A": "1", "w/B": "1", other: "1" }))
})
after(() => writer.close())

/** What was told, to be waited for. */
class Heard<T> {
  readonly all: T[] = []
  #resolve: (() => void) | undefined

  readonly add = (item: T) => {
    this.all.push(item)
    this.#resolve?.()
  }

  async next(): Promise<T> {
    const count = this.all.length
    while (this.all.length === count) {
      await new Promise<void>((resolve) => {
        this.#resolve = resolve
      })
    }
    return this.all.at(-1) as T
  }
}

function reader(transport: Transport = place.server.transport): Secrets {
  return new Secrets({ ...place.options, transport })
}

const short = (changes: readonly WatchedChange[]) =>
  changes.map(({ name, secret, text }) => [name, secret?.version, text])

test("tells what was written, deleted, and what came, and asks one question at a time", async () => {
  const secrets = reader()
  const heard = new Heard<readonly WatchedChange[]>()
  const watch = unwrap(await secrets.watch(["w/A", "w/B", "w/NEW"], heard.add, { intervalMs }))
  assert.deepEqual(
    watch.secrets.map(({ name, version }) => [name, version]),
    [
      ["w/A", 1],
      ["w/B", 1],
    ],
  )
  const count = place.server.requests.length
  for (const { work, told } of [
    { work: () => writer.set("w/A", "2"), told: ["w/A", 2, "2"] },
    { work: () => writer.set("w/NEW", new Uint8Array([255])), told: ["w/NEW", 1, undefined] },
    { work: () => writer.delete("w/B"), told: ["w/B", undefined, undefined] },
    { work: () => writer.set("w/B", "3"), told: ["w/B", 3, "3"] },
  ]) {
    const next = heard.next()
    unwrap(await writer.set("other", "again"))
    unwrap((await work()) as never)
    assert.deepEqual(short(await next), [told])
  }
  watch.stop()
  const asked = place.server.requests.slice(count).filter((request) => !/prepare|commit/.test(request))
  assert.equal(asked.filter((request) => request === "POST /v1/secrets/read").length, 4)
  assert.ok(asked.every((request) => /^(GET \/v1\/secrets|POST \/v1\/secrets\/read)$/.test(request)))
  await secrets.close()
})

test("outages are told and survived, without a value", async () => {
  let down = false
  const heard = new Heard<readonly WatchedChange[]>()
  const failures = new Heard<Failure>()
  const transport = intercepted(place.server.transport, "GET /v1/secrets", async () => {
    if (down) throw new Error(`cut: ${canary}`)
    return undefined
  })
  const secrets = reader(transport)
  const options = { intervalMs, onFailure: failures.add, timeoutMs: 200 }
  unwrap(await secrets.watch(["w/A"], heard.add, options))
  down = true
  unwrap(await writer.set("w/A", canary))
  await failures.next()
  const failure = await failures.next()
  assert.equal(failure.type, "NetworkError")
  assertKeepsSecrets(failure, place.options)
  assert.deepEqual(heard.all, [])
  down = false
  assert.deepEqual(
    (await heard.next()).map(({ name, text }) => [name, text]),
    [["w/A", canary]],
  )
  await secrets.close()
})

test("a server that lies about versions makes nobody believe in a change", async () => {
  const failures = new Heard<Failure>()
  const reads: string[] = []
  const listed = tampered(place.server.transport, "GET /v1/secrets", ({ secrets }) => {
    for (const secret of secrets) secret.version += 90
  })
  const refusing = intercepted(listed, "POST /v1/secrets/read", async ({ url }, count) => {
    reads.push(url)
    return count > 3 ? problem(403, "keyset_disabled") : undefined
  })
  const secrets = reader(refusing)
  const told: unknown[] = []
  unwrap(await secrets.watch(["w/A"], (changes) => void told.push(changes), { intervalMs, onFailure: failures.add }))
  assert.equal((await failures.next()).code, "keyset_disabled")
  assert.equal(reads.length, 4)
  assert.deepEqual(told, [])
  await secrets.close()
})

test("ends by stop, by its signal and by close, also in the middle of a question", async () => {
  const controller = new AbortController()
  const endings: ((secrets: Secrets, stop: () => void) => unknown)[] = [
    (_, stop) => stop(),
    (secrets) => secrets.close(),
    () => controller.abort(),
  ]
  for (const end of endings) {
    const asked = new Heard<string>()
    const failures: Failure[] = []
    // The second question is never answered.
    const transport = intercepted(place.server.transport, "GET /v1/secrets", async ({ url }, count) => {
      asked.add(url)
      return count === 1 ? undefined : await new Promise(() => undefined)
    })
    const secrets = reader(transport)
    const onFailure = (failure: Failure) => failures.push(failure)
    const { stop } = unwrap(
      await secrets.watch(["w/A"], () => assert.fail(), { intervalMs, onFailure, signal: controller.signal }),
    )
    await asked.next()
    await asked.next()
    await end(secrets, stop)
    await delay(3 * intervalMs)
    assert.equal(asked.all.length, 2)
    assert.deepEqual(failures, [])
    await secrets.close()
  }
  const { failure } = await writer.watch(["w/A"], () => undefined, { signal: controller.signal })
  assert.equal(failure?.code, "aborted")
})

test("what cannot be watched is the failure of the call", async () => {
  const codeOf = async (names: readonly string[], options: { intervalMs?: number; environment?: string }) =>
    (await writer.watch(names, () => undefined, options)).failure?.code
  assert.equal(await codeOf(["w/A"], { intervalMs: 99 }), "invalid_argument")
  assert.equal(await codeOf(["w/A"], { intervalMs: Number.NaN }), "invalid_argument")
  assert.equal(await codeOf([], {}), "invalid_argument")
  assert.equal(await codeOf(["w A"], {}), "invalid_secret_name")
  assert.equal(await codeOf(["w/A"], { environment: "nowhere" }), "keyset_not_found")
  await assert.rejects(writer.watch(["w/A"], undefined as never), TypeError)
})

test("what a listener throws ends the program like every error that nobody catches", async () => {
  const from = (file: string) => JSON.stringify(pathToFileURL(join(import.meta.dirname, file)))
  const code = `
    import { Secrets, unwrap } from ${from("secrets.ts")}
    import { memoryWorkspace } from ${from("testing/memory-workspace.ts")}
    const { options } = await memoryWorkspace()
    const secrets = new Secrets(options)
    unwrap(await secrets.watch(["A"], () => { throw new Error("of the listener") }, { intervalMs: 100 }))
    unwrap(await secrets.set("A", "1"))
  `
  const ended = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", code])
  await assert.rejects(ended, ({ code: exit, stderr }) => exit === 1 && /Error: of the listener/.test(stderr))
})
