// Rotating an environment to its end: every version is fetched, opened, sealed again, sent and stored durably, by one client.
// The baseline opens and seals as many records in a loop, with keys that are at hand, and does nothing else.
import { openRecord, sealRecord } from "@halfkey/core/client/record-crypto"
import type { KeysetId, WorkspaceId } from "@halfkey/core/formats/ids"
import { encodeVaultPlaintext } from "@halfkey/core/formats/record"
import { utf8 } from "@halfkey/core/primitives/bytes"
import { hmacKey } from "@halfkey/core/primitives/hash"
import { systemRandom } from "@halfkey/core/primitives/random"
import { Admin } from "halfkey/admin"
import { unwrap } from "halfkey/secrets"
import { temporaryDirectory } from "./leftovers.ts"
import { compare, wallMs } from "./measure.ts"
import { publish, readOptions } from "./options.ts"
import { startHalfkey } from "./server-process.ts"
import { environment, makeWorkspace, usualEntries } from "./workspace.ts"

const options = readOptions()
const secrets = options.quick ? 1000 : 10_000
const secretsPerWrite = 500

const directory = temporaryDirectory()
const server = await startHalfkey(directory)
const workspace = await makeWorkspace(directory, server)
const entries = Object.entries(usualEntries(secrets))
for (let from = 0; from < secrets; from += secretsPerWrite) {
  unwrap(await workspace.secrets.setMany(Object.fromEntries(entries.slice(from, from + secretsPerWrite))))
}
const admin = new Admin({ ...workspace.credentials, timeoutMs: 60_000 })

async function rotate(): Promise<void> {
  const { resealed } = unwrap(await admin.environments.rotate(environment))
  if (resealed !== secrets) throw new Error(`${resealed} versions were sealed again`)
}

const clientHalf = hmacKey(systemRandom(32))
const keySeed = systemRandom(32)
const keysetId = crypto.randomUUID() as KeysetId
const context = { purpose: "secret", workspaceId: "A".repeat(26) as WorkspaceId, keysetId, version: 1 } as const
const seal = (name: string, plaintext: Uint8Array) =>
  sealRecord({
    context: { ...context, name },
    clientHalf,
    keySeed,
    epoch: 1,
    keyId: systemRandom(16),
    plaintext,
    random32: systemRandom(32),
  })
const records = entries.map(([name, value]) => ({
  name,
  record: seal(name, encodeVaultPlaintext({ kind: "value", value: utf8(value) })),
}))

function bareLoop(): void {
  for (const { name, record } of records) {
    seal(name, openRecord(record, { ...context, name }, { clientHalf, keySeed }))
  }
}

const perSecret = (work: () => void | Promise<void>) => async () => ((await wallMs(work)) * 1000) / secrets
const comparison = await compare({
  rounds: options.quick ? 3 : 7,
  warmUp: 1,
  measured: perSecret(rotate),
  baseline: perSecret(bareLoop),
})
await admin.close()
await workspace.secrets.close()
await server.stop()
publish(options, [
  {
    row: "rotate",
    what: `rotation of ${secrets.toLocaleString("en-US")} secrets, time for each`,
    unit: "µs",
    baselineIs: "bare open and seal",
    ...comparison,
  },
])
