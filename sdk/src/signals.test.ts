/** Every call can be given up: `signal` is part of each, and what was given up before it began sends nothing. */
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { type CallOptions, type Result, Secrets } from "./secrets.ts"
import { type MemoryWorkspace, memoryWorkspace } from "./testing/memory-workspace.ts"
import { intercepted } from "./testing/tampering.ts"

let place: MemoryWorkspace
let secrets: Secrets

/** Each method of `Secrets`, as it is called. */
const calls: Readonly<
  Record<Exclude<keyof Secrets, "close">, (of: Secrets, options: CallOptions) => Promise<Result<unknown>>>
> = {
  set: (of, options) => of.set("A", "1", options),
  setMany: (of, options) => of.setMany({ A: "1" }, options),
  get: (of, options) => of.get("A", options),
  getBytes: (of, options) => of.getBytes("A", options),
  getMany: (of, options) => of.getMany(["A"], options),
  getVersion: (of, options) => of.getVersion("A", 1, options),
  readAll: (of, options) => of.readAll(options),
  readMany: (of, options) => of.readMany(["A"], options),
  load: (of, options) =>
    of.load({ A: { "~standard": { version: 1, vendor: "t", validate: (value) => ({ value }) } } }, options),
  watch: (of, options) => of.watch(["A"], () => undefined, options),
  list: (of, options) => of.list(options),
  delete: (of, options) => of.delete("A", options),
  history: (of, options) => of.history("A", options),
  rollback: (of, options) => of.rollback("A", options),
  changesSince: (of, options) => of.changesSince(new Date(), options),
}

before(async () => {
  place = await memoryWorkspace()
  secrets = new Secrets(place.options)
  await secrets.setMany({ A: "1" })
})
after(() => secrets.close())

test("the table has every method", () => {
  const methods = Object.getOwnPropertyNames(Secrets.prototype).filter(
    (name) => !["constructor", "close"].includes(name),
  )
  assert.deepEqual(methods.sort(), Object.keys(calls).sort())
})

for (const [name, call] of Object.entries(calls)) {
  test(`${name} can be given up before and while it runs`, async () => {
    const count = place.server.requests.length
    const late = await call(secrets, { signal: AbortSignal.abort() })
    assert.equal(late.failure?.code, "aborted")
    assert.equal(place.server.requests.length, count)

    const controller = new AbortController()
    // Gives up when the first request arrives, which is never answered, by a transport that knows no signals.
    const transport = intercepted(place.server.transport, "", async () => {
      controller.abort()
      return await new Promise(() => undefined)
    })
    const stuck = new Secrets({ ...place.options, transport })
    assert.equal((await call(stuck, { signal: controller.signal })).failure?.code, "aborted")
    await stuck.close()
  })
}
