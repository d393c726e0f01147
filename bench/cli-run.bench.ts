// `halfkey run -- true` beside `node -e 0`: what somebody waits for who puts it before a command. Warm: the token is
// there, the code is compiled, the key set was opened before.
import { join } from "node:path"
import { unwrap } from "halfkey/secrets"
import { Profiles } from "../cli/src/settings/profiles.ts"
import { buildCli } from "../tools/build-cli.mjs"
import { processMs } from "./fresh-process.ts"
import { temporaryDirectory } from "./leftovers.ts"
import { compare } from "./measure.ts"
import { publish, readOptions } from "./options.ts"
import { startHalfkey } from "./server-process.ts"
import { environment, makeWorkspace, usualEntries } from "./workspace.ts"

const options = readOptions()
await buildCli()
const data = temporaryDirectory()
const home = temporaryDirectory()
const server = await startHalfkey(data)
const { credentials, secrets } = await makeWorkspace(data, server)
unwrap(await secrets.setMany(usualEntries(20)))
const { apiKey = "", clientId = "", clientKey = "", endpoint = "", workspaceCRN = "" } = credentials
const config = join(home, "config")
new Profiles(config).save("bench", { apiKey, clientId, clientKey, endpoint, workspaceCRN, environment })

const env = { PATH: process.env["PATH"], HALFKEY_CONFIG_DIR: config, XDG_CACHE_HOME: join(home, "cache") }
const halfkey = join(import.meta.dirname, "../cli/bin/halfkey.js")
const run = { parameters: [halfkey, "run", "-e", environment, "--", "true"], env, cwd: home }
const nothing = { parameters: ["-e", "0"], env, cwd: home }

const comparison = await compare({
  rounds: options.quick ? 7 : 41,
  warmUp: 4,
  measured: () => processMs(run),
  baseline: () => processMs(nothing),
})
await server.stop()
publish(options, [
  {
    row: "cli-run",
    what: "halfkey run -- true, warm, 20 secrets",
    unit: "ms",
    baselineIs: "node -e 0",
    bar: { of: "ratio", atMost: 2 },
    ...comparison,
  },
])
