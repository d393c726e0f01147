// One secret a request, 32 clients at once: what group commit is for.
import { compareReads } from "./http-read.ts"
import { publish, readOptions } from "./options.ts"

const options = readOptions()
const comparison = await compareReads({
  names: 1,
  connections: 32,
  rounds: options.quick ? 3 : 11,
  secondsPerRound: options.quick ? 0.5 : 1,
})
publish(options, [
  {
    row: "read-one",
    what: "one read, 32 connections, durable audit",
    unit: "per second",
    baselineIs: "bare Fastify, same bytes",
    bar: { of: "ratio", atLeast: 0.5 },
    ...comparison,
  },
])
