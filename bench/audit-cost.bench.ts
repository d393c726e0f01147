// What the audit log costs: the same reads by the same server that writes no entries, which only exists here.
import { unwrap } from "halfkey/secrets"
import { temporaryDirectory } from "./leftovers.ts"
import { LoadGenerator } from "./load.ts"
import { compare } from "./measure.ts"
import { publish, readOptions } from "./options.ts"
import { startHalfkey } from "./server-process.ts"
import { makeWorkspace, usualEntries, warmReadRequest } from "./workspace.ts"

const options = readOptions()
const connections = 32
const seconds = options.quick ? 0.5 : 1

async function serverOf(program: string) {
  const directory = temporaryDirectory()
  const server = await startHalfkey(directory, new URL(program, import.meta.url).pathname)
  const workspace = await makeWorkspace(directory, server)
  const entries = usualEntries(1)
  unwrap(await workspace.secrets.setMany(entries))
  return { server, request: await warmReadRequest(workspace, Object.keys(entries)) }
}

// Both from their sources: one of them cannot be bundled.
const audited = await serverOf("../server/src/main.ts")
const silent = await serverOf("server-without-audit.ts")
const load = new LoadGenerator()
const run = async ({ server, request }: typeof audited) =>
  (await load.run({ port: server.port, connections, seconds, request })).perSecond
const comparison = await compare({
  rounds: options.quick ? 3 : 11,
  warmUp: 2,
  measured: () => run(audited),
  baseline: () => run(silent),
})
load.stop()
await audited.server.stop()
await silent.server.stop()
publish(options, [
  {
    row: "audit-cost",
    what: "one read, 32 connections: entry on disk, tree, index, checkpoints",
    unit: "per second",
    baselineIs: "the same server without any entry",
    ...comparison,
  },
])
