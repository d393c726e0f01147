// Key seeds in bulk: 10,000 a request, over HTTP, authorized and written to the audit log like every other answer. The
// baseline is a loop of nothing but HMACs, over messages as long as a seed's, with a prepared key.
import { createHmac, createSecretKey, randomBytes } from "node:crypto"
import { type KeysetId, uuidBytes } from "@halfkey/core/formats/ids"
import { pae } from "@halfkey/core/formats/pae"
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import { seedsPerRequest } from "@halfkey/core/wire/keysets"
import { temporaryDirectory } from "./leftovers.ts"
import { LoadGenerator } from "./load.ts"
import { compare } from "./measure.ts"
import { publish, readOptions } from "./options.ts"
import { startHalfkey } from "./server-process.ts"
import { environment, makeWorkspace, postRequest } from "./workspace.ts"

const options = readOptions()
const seconds = options.quick ? 0.5 : 1

const directory = temporaryDirectory()
const server = await startHalfkey(directory)
const workspace = await makeWorkspace(directory, server)
await workspace.secrets.set("WARM_UP", "a value")
const groups = [{ epoch: 1, keyIds: toBase64Url(randomBytes(16 * seedsPerRequest)) }]
const request = postRequest(workspace, `/v1/keysets/${environment}/data-keys/retrieve`, JSON.stringify({ groups }))
const load = new LoadGenerator()

async function service(): Promise<number> {
  // Two connections: one request is read and answered while another is worked on.
  return (await load.run({ port: server.port, connections: 2, seconds, request })).perSecond * seedsPerRequest
}

const key = createSecretKey(randomBytes(32))
const message = pae("seed", "A".repeat(26), uuidBytes(crypto.randomUUID() as KeysetId), 1, randomBytes(16))

function bareLoop(): number {
  const start = performance.now()
  let count = 0
  for (; performance.now() - start < seconds * 1000; count += 1000) {
    for (let each = 0; each < 1000; each++) createHmac("sha256", key).update(message).digest()
  }
  return count / ((performance.now() - start) / 1000)
}

const comparison = await compare({
  rounds: options.quick ? 3 : 11,
  warmUp: 2,
  measured: service,
  baseline: bareLoop,
})
load.stop()
await server.stop()
publish(options, [
  {
    row: "seeds",
    what: "key seeds of the service, bulk, HTTP, durable audit",
    unit: "per second",
    baselineIs: "bare HMAC loop",
    bar: { of: "ratio", atLeast: 0.6 },
    ...comparison,
  },
])
