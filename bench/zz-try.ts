import { readdirSync, readFileSync } from "node:fs"
import { LoadGenerator } from "./load.ts"
import { startBareFastify, startHalfkey, temporaryDirectory } from "./server-process.ts"
import { makeWorkspace, recordAnswer, usualEntries, warmReadRequest } from "./workspace.ts"

const names = Number(process.argv[2] ?? 1),
  connections = Number(process.argv[3] ?? 32),
  rounds = Number(process.argv[4] ?? 6)
const directory = temporaryDirectory()
const halfkey = await startHalfkey(directory.path)
const load = new LoadGenerator()
const workspace = await makeWorkspace(directory.path, halfkey)
const entries = usualEntries(names)
const failure = (await workspace.secrets.setMany(entries)).failure
if (failure) throw new Error(failure.message)
const request = await warmReadRequest(workspace, Object.keys(entries))
const recording = await recordAnswer(halfkey, workspace)
const bare = await startBareFastify(recording)
const cpu = (pid: number) =>
  readdirSync(`/proc/${pid}/task`).map((t) => {
    const s = readFileSync(`/proc/${pid}/task/${t}/stat`, "utf8").split(") ")[1]!.split(" ")
    return Number(s[11]) + Number(s[12])
  })
const sum = (a: number[]) => a.reduce((x, y) => x + y, 0)
await load.run({ port: halfkey.port, connections, seconds: 2, request })
await load.run({ port: bare.port, connections, seconds: 1, request })
for (let i = 0; i < rounds; i++) {
  const line: string[] = []
  let base = 0
  for (const s of [bare, halfkey]) {
    const before = cpu(s.pid)
    const r = await load.run({ port: s.port, connections, seconds: 1.5, request })
    const after = cpu(s.pid)
    const main = ((after[0]! - before[0]!) * 10 * 1000) / r.count
    const all = ((sum(after) - sum(before)) * 10 * 1000) / r.count
    line.push(`${Math.round(r.perSecond)}/s p50 ${r.p50.toFixed(1)} main ${main.toFixed(0)}us all ${all.toFixed(0)}us`)
    if (s === bare) base = r.perSecond
    else line.push(`ratio ${((r.perSecond / base) * 100).toFixed(0)}%`)
  }
  console.log(line.join(" | "))
}
await bare.stop()
load.stop()
await halfkey.stop()
directory.remove()
