/** The HTTP rows: the same requests to the real server and to a bare Fastify that sends the same bytes. */
import { DiskProbe } from "./disk.ts"
import { LoadGenerator } from "./load.ts"
import { type Comparison, compare, median } from "./measure.ts"
import {
  cpuSeconds,
  type MeasuredServer,
  startBareFastify,
  startHalfkey,
  temporaryDirectory,
} from "./server-process.ts"
import { makeWorkspace, recordAnswer, usualEntries, warmReadRequest } from "./workspace.ts"

export interface HttpRead {
  /** Names in each request. */
  readonly names: number
  readonly connections: number
  readonly rounds: number
  readonly secondsPerRound: number
}

const warmUpSeconds = 3

export interface HttpComparison extends Comparison {
  readonly note: string
}

/** Requests per second. Each answer of the real server leaves after its audit entry is on disk. */
export async function compareReads({ connections, names, rounds, secondsPerRound }: HttpRead): Promise<HttpComparison> {
  const directory = temporaryDirectory()
  const halfkey = await startHalfkey(directory.path)
  const load = new LoadGenerator()
  try {
    const workspace = await makeWorkspace(directory.path, halfkey)
    const entries = usualEntries(names)
    const failure = (await workspace.secrets.setMany(entries)).failure
    if (failure !== undefined) throw new Error(failure.message)
    const request = await warmReadRequest(workspace, Object.keys(entries))
    const recording = await recordAnswer(halfkey, workspace)
    const bare = await startBareFastify(recording)
    const disk = new DiskProbe(directory.path)
    try {
      const seen = { latencies: [] as number[], loads: [] as number[], cpu: [] as number[], bareCpu: [] as number[] }
      const run = async (server: MeasuredServer, seconds = secondsPerRound) => {
        disk.probe()
        const cpu = cpuSeconds(server)
        const result = await load.run({ port: server.port, connections, seconds, request })
        const microseconds = ((cpuSeconds(server) - cpu) * 1e6) / result.count
        seen.loads.push(result.generatorLoad)
        if (server === halfkey) seen.latencies.push(result.p50)
        if (server === halfkey) seen.cpu.push(microseconds)
        else seen.bareCpu.push(microseconds)
        return result.perSecond
      }
      // Compiled code and full caches first, on both sides, then one round that does not count.
      for (const server of [halfkey, bare]) await run(server, warmUpSeconds)
      const comparison = await compare({
        rounds,
        warmUp: 1,
        measured: () => run(halfkey),
        baseline: () => run(bare),
      })
      const note = [
        `${recording.body.length} bytes an answer`,
        `${median(seen.latencies).toFixed(1)} ms at the median`,
        `CPU ${Math.round(median(seen.cpu))} µs a request, all threads, bare ${Math.round(median(seen.bareCpu))} µs`,
        `this disk makes a write durable in ${disk.medianMs.toFixed(2)} ms`,
        `generator at ${Math.round(median(seen.loads) * 100)} % of a core`,
      ].join(", ")
      return { ...comparison, note }
    } finally {
      disk.close()
      await bare.stop()
    }
  } finally {
    load.stop()
    await halfkey.stop()
    directory.remove()
  }
}
