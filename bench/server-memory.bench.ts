// Resident memory of a server that has served and is left alone, beside a bare Fastify in the same state.
import { setTimeout as wait } from "node:timers/promises"
import { unwrap } from "halfkey/secrets"
import { temporaryDirectory } from "./leftovers.ts"
import { compare } from "./measure.ts"
import { publish, readOptions } from "./options.ts"
import { type Recording, residentMegabytes, startBareFastify, startHalfkey } from "./server-process.ts"
import { makeWorkspace, recordAnswer, usualEntries, warmReadRequest } from "./workspace.ts"

const options = readOptions()
const quietMs = options.quick ? 1000 : 5000
let recording: Recording | undefined

async function halfkey(): Promise<number> {
  const directory = temporaryDirectory()
  const server = await startHalfkey(directory)
  const workspace = await makeWorkspace(directory, server)
  const entries = usualEntries(100)
  unwrap(await workspace.secrets.setMany(entries))
  await warmReadRequest(workspace, Object.keys(entries))
  recording = await recordAnswer(server, workspace)
  await wait(quietMs)
  const memory = residentMegabytes(server)
  await server.stop()
  return memory
}

async function bareFastify(): Promise<number> {
  if (recording === undefined) throw new Error("nothing was recorded")
  const server = await startBareFastify(recording)
  const headers = { "content-type": "application/json" }
  const url = `http://127.0.0.1:${server.port}${recording.path}`
  for (let request = 0; request < 3; request++) await (await fetch(url, { method: "POST", headers, body: "{}" })).text()
  await wait(quietMs)
  const memory = residentMegabytes(server)
  await server.stop()
  return memory
}

const comparison = await compare({
  rounds: options.quick ? 1 : 3,
  warmUp: 0,
  measured: halfkey,
  baseline: bareFastify,
})
publish(options, [
  {
    row: "server-memory",
    what: "server, idle, resident",
    unit: "MB",
    baselineIs: "bare Fastify, idle",
    bar: { of: "measured", atMost: 120 },
    ...comparison,
  },
])
