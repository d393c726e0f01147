// One secret a request, 32 clients, while as many connections send tokens that are none, each another one.
import { unwrap } from "halfkey/secrets"
import { temporaryDirectory } from "./leftovers.ts"
import { LoadGenerator, type LoadOrder } from "./load.ts"
import { compare, median } from "./measure.ts"
import { publish, readOptions } from "./options.ts"
import { startHalfkey } from "./server-process.ts"
import { makeWorkspace, usualEntries, warmReadRequest } from "./workspace.ts"

const options = readOptions()
const seconds = options.quick ? 0.5 : 2
const connections = 32
const directory = temporaryDirectory()
const server = await startHalfkey(directory)
const workspace = await makeWorkspace(directory, server)
const entries = usualEntries(1)
unwrap(await workspace.secrets.setMany(entries))
const request = await warmReadRequest(workspace, Object.keys(entries))

/** The same request, but for the end of the token's signature. */
const placeholder = "0".repeat(12)
const token = /^authorization: Bearer (\S+)\r$/im.exec(request)?.[1] ?? ""
const forged = request.replace(token, token.slice(0, -placeholder.length) + placeholder)
const [good, bad] = [new LoadGenerator(), new LoadGenerator()]
const order: LoadOrder = { port: server.port, connections, seconds, request }
const flood: LoadOrder = { ...order, request: forged, random: { placeholder, below: 10 ** 12 }, isRefused: true }

const floods: number[] = []
const alone = async () => (await good.run(order)).perSecond
const flooded = async () => {
  // It begins before the others, and ends behind them.
  const flooding = bad.run({ ...flood, seconds: seconds + 0.5 })
  await new Promise((resolve) => setTimeout(resolve, 250))
  const { perSecond } = await good.run(order)
  floods.push((await flooding).perSecond)
  return perSecond
}
await good.run({ ...order, seconds: 3 })
const comparison = await compare({ rounds: options.quick ? 3 : 7, warmUp: 1, measured: flooded, baseline: alone })
good.stop()
bad.stop()
await server.stop()
publish(options, [
  {
    row: "flood",
    what: "one read, 32 connections, beside 32 that send bad tokens",
    unit: "per second",
    baselineIs: "the same without them",
    bar: { of: "ratio", atLeast: 0.5 },
    note: `${Math.round(median(floods))} bad tokens a second are answered`,
    ...comparison,
  },
])
