// One request for 100 secrets, 32 clients at once: seeds, records and one durable audit entry each.
import { compareReads } from "./http-read.ts"
import { publish, readOptions } from "./options.ts"

const options = readOptions()
const comparison = await compareReads({
  names: 100,
  connections: 32,
  rounds: options.quick ? 3 : 11,
  secondsPerRound: options.quick ? 0.5 : 1,
})
publish(options, [
  {
    row: "read-many",
    what: "fused read of 100 secrets, HTTP, durable audit",
    unit: "per second",
    baselineIs: "bare Fastify, same bytes",
    bar: { of: "ratio", atLeast: 0.5 },
    ...comparison,
  },
])
