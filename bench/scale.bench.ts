// Does a read stay quick when the database grows? Two servers, one with a thousand secrets and one with a million,
// asked in turn for one secret at random; p99 of what the client waits.
import { unwrap } from "halfkey/secrets"
import { fillDatabase, filledName, namePlaceholder } from "./fill-database.ts"
import { temporaryDirectory } from "./leftovers.ts"
import { LoadGenerator } from "./load.ts"
import { compare } from "./measure.ts"
import { publish, readOptions } from "./options.ts"
import { startHalfkey } from "./server-process.ts"
import { makeWorkspace, openWorkspace, readRequest, warmReadRequest } from "./workspace.ts"

const options = readOptions()
const few = 1000
const connections = 4
const seconds = options.quick ? 1 : 2

async function serverWith(secrets: number) {
  const directory = temporaryDirectory()
  const first = await startHalfkey(directory)
  const { credentials, secrets: client } = await makeWorkspace(directory, first)
  unwrap(await client.set("PATTERN", "a value"))
  await first.stop()
  fillDatabase(directory, secrets)
  const server = await startHalfkey(directory)
  const workspace = openWorkspace({ ...credentials, endpoint: `http://127.0.0.1:${server.port}` })
  await warmReadRequest(workspace, ["PATTERN"])
  const body = workspace
    .lastReadBody()
    .replace("PATTERN", `${filledName(0).slice(0, -namePlaceholder.length)}${namePlaceholder}`)
  const request = readRequest(workspace, body)
  return { server, request, secrets }
}

const [small, large] = [await serverWith(few), await serverWith(options.secrets)]
const load = new LoadGenerator()

const p99 = async ({ request, secrets, server }: typeof small) => {
  const random = { placeholder: namePlaceholder, below: secrets }
  return (await load.run({ port: server.port, connections, seconds, request, random })).p99
}
const comparison = await compare({
  rounds: options.quick ? 3 : 9,
  warmUp: 1,
  measured: () => p99(large),
  baseline: () => p99(small),
})
load.stop()
await small.server.stop()
await large.server.stop()
publish(options, [
  {
    row: "scale",
    what: `p99 of a read among ${options.secrets.toLocaleString("en-US")} secrets`,
    unit: "ms",
    baselineIs: `among ${few.toLocaleString("en-US")}`,
    bar: { of: "ratio", atMost: 2 },
    ...comparison,
  },
])
