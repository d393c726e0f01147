/** The HTTP rows: the same requests to the real server and to a bare Fastify that sends the same bytes. */
import { unwrap } from "halfkey/secrets"
import { DiskProbe } from "./disk.ts"
import { temporaryDirectory } from "./leftovers.ts"
import { LoadGenerator } from "./load.ts"
import { type Comparison, compare, median } from "./measure.ts"
import { cpuSeconds, type MeasuredServer, startBareFastify, startHalfkey } from "./server-process.ts"
import { makeWorkspace, recordAnswer, usualEntries, warmReadRequest } from "./workspace.ts"

export interface HttpRead {
  /** Names in each request. */
  readonly names: number
  readonly connections: number
  readonly rounds: number
  readonly secondsPerRound: number
}

const warmUpSeconds = 3

/** What was seen beside the rate, to explain it. */
interface Seen {
  readonly latencyMs: number[]
  /** Of all threads, a request. */
  readonly cpuMicroseconds: number[]
}

/** Requests per second. Each answer of the real server leaves after its audit entry is on disk. */
export async function compareReads(read: HttpRead): Promise<Comparison & { readonly note: string }> {
  const { connections, names, rounds, secondsPerRound } = read
  const directory = temporaryDirectory()
  const halfkey = await startHalfkey(directory)
  const workspace = await makeWorkspace(directory, halfkey)
  const entries = usualEntries(names)
  unwrap(await workspace.secrets.setMany(entries))
  const request = await warmReadRequest(workspace, Object.keys(entries))
  const recording = await recordAnswer(halfkey, workspace)
  const bare = await startBareFastify(recording)
  const load = new LoadGenerator()
  const disk = new DiskProbe(directory)
  const generatorLoad: number[] = []
  const seen = new Map<MeasuredServer, Seen>()

  const run = async (server: MeasuredServer, seconds = secondsPerRound) => {
    disk.probe()
    const cpu = cpuSeconds(server)
    const result = await load.run({ port: server.port, connections, seconds, request })
    const { cpuMicroseconds, latencyMs } = seen.get(server) ?? { cpuMicroseconds: [], latencyMs: [] }
    cpuMicroseconds.push(((cpuSeconds(server) - cpu) * 1e6) / result.count)
    latencyMs.push(result.p50)
    seen.set(server, { cpuMicroseconds, latencyMs })
    generatorLoad.push(result.generatorLoad)
    return result.perSecond
  }
  // Compiled code and full caches first, on both sides, then one round that does not count.
  for (const server of [halfkey, bare]) await run(server, warmUpSeconds)
  seen.clear()
  const comparison = await compare({ rounds, warmUp: 1, measured: () => run(halfkey), baseline: () => run(bare) })

  load.stop()
  disk.close()
  await Promise.all([halfkey.stop(), bare.stop()])
  const figure = (server: MeasuredServer, what: keyof Seen) => median(seen.get(server)?.[what] ?? [])
  const note = [
    `${recording.body.length} bytes an answer`,
    `${figure(halfkey, "latencyMs").toFixed(1)} ms at the median, bare ${figure(bare, "latencyMs").toFixed(1)} ms`,
    `CPU ${figure(halfkey, "cpuMicroseconds").toFixed(0)} µs a request, bare ${figure(bare, "cpuMicroseconds").toFixed(0)} µs`,
    `this disk makes a write durable in ${disk.medianMs.toFixed(2)} ms`,
    `generator at ${Math.round(median(generatorLoad) * 100)} % of a core`,
  ].join(", ")
  return { ...comparison, note }
}
