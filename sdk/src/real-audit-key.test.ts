/** The audit log goes on under a new checkpoint key of the real server. */
import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { Admin, createWorkspace } from "./admin.ts"
import { Secrets, type SecretsOptions, unwrap } from "./secrets.ts"
import { RealServer } from "./testing/real-server.ts"

const serverProgram = join(import.meta.dirname, "../../server/bin/halfkey-server.js")
const server = new RealServer()
let options: SecretsOptions
let admin: Admin
let secrets: Secrets

before(async () => {
  await server.start()
  const { recoveryKit: _, ...credentials } = unwrap(
    await createWorkspace({ endpoint: server.url, setupToken: server.setupToken, label: "admin", timeoutMs: 30_000 }),
  )
  options = { ...credentials, endpoint: server.url, environment: "production", timeoutMs: 30_000, env: {} }
  admin = new Admin(options)
  secrets = new Secrets(options)
})
after(async () => {
  await admin.close()
  await secrets.close()
  await server.stop()
})

test("a log is proved under the earlier key, then under the one that a granter took up, and goes on", async () => {
  unwrap(await secrets.set("A", "1"))
  const earlier = unwrap(await admin.audit.verify())
  const { auditKey: earlierKey } = unwrap(await admin.audit.checkpoint())

  const env = { HALFKEY_DATA_DIR: server.dataDirectory }
  execFileSync(process.execPath, [serverProgram, "checkpoint-key", "rotate"], { env })
  await server.kill()
  await server.start()
  unwrap(await secrets.set("A", "2"))
  assert.equal(unwrap(await admin.audit.checkpoint()).auditKey, earlierKey, "nobody has taken the new one up")

  const { offered } = unwrap(await admin.auditKey.compare())
  unwrap(await admin.auditKey.update(offered))
  // At once: whoever asks now gets a head that the new key signed.
  assert.notEqual(unwrap(await admin.audit.checkpoint()).auditKey, earlierKey)
  unwrap(await secrets.set("A", "3"))
  const later = unwrap(await admin.audit.verify())
  assert.ok(later.size > earlier.size)
  assert.ok((later.goesOnFrom?.size ?? 0) >= earlier.size)
  const roster = unwrap(await admin.auditKey.compare())
  assert.deepEqual([roster.current, roster.offered], [offered, offered])
})
