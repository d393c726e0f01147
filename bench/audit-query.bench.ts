// Questions to an audit log of a million entries: what a person waits, beside the same questions to a small log. And how long a log
// that has no tree takes to get one, while the server runs.
import { unwrap } from "halfkey/secrets"
import { clientOf, fillAuditLog, rareName } from "./fill-audit-log.ts"
import { temporaryDirectory } from "./leftovers.ts"
import { compare, median, wallMs } from "./measure.ts"
import { publish, readOptions } from "./options.ts"
import { residentMegabytes, startHalfkey } from "./server-process.ts"
import { makeWorkspace, openWorkspace } from "./workspace.ts"

const options = readOptions()
const few = 2000
const many = options.secrets

interface Answer {
  readonly checkpoint?: string
}

async function sizeOf(ask: (path: string) => Promise<Answer>): Promise<number> {
  return Number((await ask("checkpoint")).checkpoint?.split("\n")[1] ?? 0)
}

async function serverWith(entries: number) {
  const directory = temporaryDirectory()
  const first = await startHalfkey(directory)
  const { credentials, secrets: client } = await makeWorkspace(directory, first)
  unwrap(await client.set("PATTERN", "a value"))
  await first.stop()
  fillAuditLog(directory, entries)
  const begin = performance.now()
  const server = await startHalfkey(directory)
  const workspace = openWorkspace({ ...credentials, endpoint: `http://127.0.0.1:${server.port}` })
  unwrap(await workspace.secrets.list())
  const ask = async (path: string): Promise<Answer> => {
    const headers = { authorization: `Bearer ${workspace.accessToken()}` }
    const answer = await fetch(`http://127.0.0.1:${server.port}/v1/audit/${path}`, { headers })
    // Before the first checkpoint of a log that had none.
    if (answer.status === 503) return {}
    if (answer.status !== 200) throw new Error(`${path} was answered ${answer.status}`)
    return (await answer.json()) as Answer
  }
  while ((await sizeOf(ask)) < entries) await new Promise((resolve) => setTimeout(resolve, 100))
  return { server, ask, treeMs: performance.now() - begin, megabytes: residentMegabytes(server) }
}

const [small, large] = [await serverWith(few), await serverWith(many)]
const since = new Date(Date.now() - 40 * 24 * 60 * 60 * 1000).toISOString()
const until = new Date(Date.now() - 39 * 24 * 60 * 60 * 1000).toISOString()
const questions: readonly (readonly [what: string, query: string])[] = [
  ["a name that occurs once in 100,000", `name=${rareName}&limit=100`],
  ["a client's refusals, newest first", `client=${clientOf(0)}&outcome=denied&order=desc&limit=100`],
  ["one day, one client", `since=${since}&until=${until}&client=${clientOf(7)}&limit=100`],
]

const rows = []
for (const [what, query] of questions) {
  const measure = (ask: typeof large.ask) => () => wallMs(async () => void (await ask(`entries?${query}`)))
  const rounds = options.quick ? 5 : 21
  const comparison = await compare({ rounds, warmUp: 2, measured: measure(large.ask), baseline: measure(small.ask) })
  rows.push({
    row: "audit-query",
    what: `${what}, among ${many.toLocaleString("en-US")} entries`,
    unit: "ms" as const,
    baselineIs: `among ${few.toLocaleString("en-US")}`,
    bar: { of: "measured" as const, atMost: 100 },
    ...comparison,
  })
}
const size = await sizeOf(large.ask)
const proofs: number[] = []
for (let count = 0; count < 20; count++) {
  proofs.push(
    await wallMs(async () => void (await large.ask(`proof?from=${Math.floor((size * count) / 20)}&to=${size}`))),
  )
}
const note = [
  `the tree and the index of ${many.toLocaleString("en-US")} entries were made in ${(large.treeMs / 1000).toFixed(1)} s beside requests`,
  `the server had ${large.megabytes.toFixed(0)} MB then`,
  `a consistency proof takes ${median(proofs).toFixed(1)} ms`,
].join(", ")
await small.server.stop()
await large.server.stop()
publish(
  options,
  rows.map((row, index) => (index === 0 ? { ...row, note } : row)),
)
