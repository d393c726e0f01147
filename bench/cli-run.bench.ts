// `halfkey run -- true` beside `node -e 0`, and beside dotenvx with the same secrets: what somebody waits for who puts it
// before a command. Warm: the token is there, the code is compiled. Cold: neither is.
import { rmSync } from "node:fs"
import { join } from "node:path"
import { unwrap } from "halfkey/secrets"
import { Profiles } from "../cli/src/settings/profiles.ts"
import { buildCli } from "../tools/build-cli.mjs"
import { encryptedDotenv } from "./encrypted-dotenv.ts"
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
const entries = usualEntries(20)
unwrap(await secrets.setMany(entries))
const { apiKey = "", clientId = "", clientKey = "", endpoint = "", workspaceCRN = "" } = credentials
const config = join(home, "config")
new Profiles(config).save("bench", { apiKey, clientId, clientKey, endpoint, workspaceCRN, environment })

const path = process.env["PATH"]
const compiled = join(home, "cache")
const env = { PATH: path, HALFKEY_CONFIG_DIR: config, XDG_CACHE_HOME: compiled }
const halfkey = join(import.meta.dirname, "../cli/bin/halfkey.js")
const run = { parameters: [halfkey, "run", "-e", environment, "--", "true"], env, cwd: home }
const nothing = { parameters: ["-e", "0"], env, cwd: home }
const dotenvx = encryptedDotenv(entries, path)

function runCold() {
  for (const kept of [join(config, "tokens"), compiled]) rmSync(kept, { recursive: true, force: true })
  return processMs(run)
}

const rounds = options.quick ? 7 : 41
const warm = await compare({
  rounds,
  warmUp: 4,
  measured: () => processMs(run),
  baseline: () => processMs(nothing),
})
const besideDotenvx = await compare({
  rounds: options.quick ? 5 : 15,
  warmUp: 4,
  measured: () => processMs(run),
  baseline: () => processMs(dotenvx.runWithCompileCache),
})
const cold = await compare({
  rounds: options.quick ? 5 : 15,
  warmUp: 1,
  measured: runCold,
  baseline: () => processMs(dotenvx.run),
})
await server.stop()

const common = { row: "cli-run", unit: "ms" } as const
publish(options, [
  {
    ...common,
    what: "halfkey run -- true, warm, 20 secrets",
    baselineIs: "node -e 0",
    bar: { of: "ratio", atMost: 2 },
    ...warm,
  },
  {
    ...common,
    what: "the same",
    baselineIs: "dotenvx run -- true, compiled",
    bar: { of: "ratio", atMost: 1 },
    ...besideDotenvx,
  },
  {
    ...common,
    what: "cold: no token, nothing compiled",
    baselineIs: "dotenvx run -- true, cold",
    bar: { of: "ratio", atMost: 1 },
    ...cold,
  },
])
