/** kill -9 under load: whoever got an answer holds a receipt, and each receipt has its entry in the log that is there afterwards. */
import assert from "node:assert/strict"
import { after, test } from "node:test"
import { setTimeout as wait } from "node:timers/promises"
import { Admin, unwrap } from "halfkey/admin"
import { type Receipt, Secrets } from "halfkey/secrets"
import { AuditScene } from "./scene.ts"

const kills = 12
const clients = 4

const scene = await AuditScene.open()
after(() => scene.close())

test(`${kills} kills, ${clients} clients: no receipt is without its entry, and the tree is the one that was signed`, async () => {
  const receipts: Receipt[] = []
  let answers = 0
  let lastSize = 0
  const machine = () => ({
    ...scene.profile,
    endpoint: scene.server.origin,
    environment: "development",
    // Every one of them, not only the last thousand.
    receipts: { load: async () => receipts, add: async (more: readonly Receipt[]) => void receipts.push(...more) },
    timeoutMs: 500,
    env: {},
  })
  for (let kill = 0; kill < kills; kill++) {
    if (scene.server.origin === undefined) await scene.server.start()
    let over = false
    const load = Array.from({ length: clients }, async (_, client) => {
      const secrets = new Secrets(machine())
      for (let count = 0; !over; count++) {
        const { failure } = count % 5 === 0 ? await secrets.set(`S${client}`, "x") : await secrets.get(`S${client}`)
        if (failure === undefined) answers++
      }
      await secrets.close()
    })
    await wait(100 + 60 * kill)
    await scene.server.kill()
    over = true
    await Promise.all(load)
  }
  await scene.server.start()
  assert.ok(receipts.length > 50 && answers > 50, `${receipts.length} receipts`)
  // The SDK looks at the last thousand: here all of them, a thousand at a time.
  for (let from = 0; from < receipts.length; from += 1000) {
    const some = receipts.slice(from, from + 1000)
    const store = { load: async () => some, add: async () => {} }
    const admin = new Admin({ ...machine(), receipts: store, timeoutMs: 30_000 })
    const { receipts: found, size } = unwrap(await admin.audit.verify())
    await admin.close()
    assert.equal(found, new Set(some.map(({ leafHash }) => leafHash)).size)
    lastSize = size
  }
  console.log(`kill -9: ${kills} times; ${answers} answers, ${receipts.length} receipts, ${lastSize} entries`)
})
