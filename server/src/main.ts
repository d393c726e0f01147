/** `halfkey-server`: arguments, signals and exit codes. Everything else is in `create-server.ts`. */
import { existsSync } from "node:fs"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { problemCodes } from "@halfkey/core/formats/problem-codes"
import { systemRandom } from "@halfkey/core/primitives/random"
import { readConfig } from "./config.ts"
import { createServer, type RunningServer } from "./create-server.ts"
import { BufferedOutput } from "./log.ts"
import { newSetupToken, setupTokenPath } from "./setup-token.ts"
import { openSqliteStore } from "./store/sqlite.ts"
import { version } from "./version.ts"

const help = `halfkey-server ${version}

  halfkey-server                serve until SIGTERM or SIGINT; a second one ends it at once
  halfkey-server setup-token    write a new one-time setup token into the data directory, for a further workspace
  halfkey-server --version      print the version
  halfkey-server --help         print this

Settings are variables of the environment:

  HALFKEY_DATA_DIR          where everything is kept (./.halfkey)
  HALFKEY_HOST              address to listen on (127.0.0.1)
  HALFKEY_PORT              port to listen on (4253); 0 takes any free one
  HALFKEY_DATABASE_URL      sqlite:<path> (sqlite:<data directory>/halfkey.db)
  HALFKEY_REGION            <region>.<provider> of its workspaces (local.self)
  HALFKEY_LOG_LEVEL         fatal, error, warn, info, debug, trace or silent (info)
  HALFKEY_ROOT_KEY          root key, 32 bytes as base64url; or
  HALFKEY_ROOT_KEY_FILE     file with the root key (<data directory>/root.key, made at the first start)
  HALFKEY_VALUE_MAX_LENGTH  most bytes of a secret's value (65536, up to 1048576)
  HALFKEY_TLS_CERT, HALFKEY_TLS_KEY   files in PEM form; together they turn on TLS
  HALFKEY_TRUSTED_PROXIES   addresses or networks whose X-Forwarded-For is believed, with commas between
  HALFKEY_ALLOW_INSECURE_LISTEN=1     listen beyond loopback without TLS
`

const output = new BufferedOutput()

/** Says what is wrong in one line, what to do in another, and ends with the code of the table. */
function fail(error: unknown): never {
  output.flush()
  if (!(error instanceof HalfkeyError)) {
    process.stderr.write(
      `halfkey-server: unexpected: ${error instanceof Error ? (error.stack ?? error.message) : "?"}\n`,
    )
    process.exit(1)
  }
  process.stderr.write(`halfkey-server: ${error.message}\n`)
  if (error.hint !== undefined) process.stderr.write(`  hint: ${error.hint}\n`)
  process.exit(problemCodes[error.code].exit)
}

async function serve(): Promise<void> {
  const server = await createServer({ config: readConfig(process.env), logDestination: output, onFatal: fail })
  stopOnSignals(server)
}

/**
 * A supervisor signals the whole group, and each process above passes its own copy on: those come together with the first
 * one, and nobody has become impatient.
 */
const copiesWithinMs = 1000

function stopOnSignals(server: RunningServer): void {
  let since: number | undefined
  const stop = () => {
    if (since === undefined) {
      since = performance.now()
      server.close().then(() => end(0), fail)
    } else if (performance.now() - since > copiesWithinMs) end(1)
  }
  process.on("SIGTERM", stop)
  process.on("SIGINT", stop)
}

function end(code: number): never {
  output.flush()
  process.exit(code)
}

async function makeSetupToken(): Promise<void> {
  const { dataDirectory, databasePath } = readConfig(process.env)
  if (!existsSync(databasePath)) {
    throw new HalfkeyError("missing_configuration", `there is no database ${databasePath}`, {
      hint: "start halfkey-server once; its first start writes a setup token by itself",
    })
  }
  // The running server need not stop: the database takes both, and setup tokens are in nobody's cache.
  const store = await openSqliteStore({ path: databasePath, onFatal: fail })
  const path = setupTokenPath(dataDirectory)
  await newSetupToken(path, store, Date.now(), systemRandom)
  await store.close()
  process.stdout.write(`${path}\n`)
}

async function main(parameters: readonly string[]): Promise<void> {
  const [command, ...rest] = parameters
  if (rest.length === 0) {
    if (command === undefined) return serve()
    if (command === "setup-token") return makeSetupToken()
    if (command === "--version" || command === "-v") return void process.stdout.write(`${version}\n`)
    if (command === "--help" || command === "-h") return void process.stdout.write(help)
  }
  throw new HalfkeyError("invalid_argument", "unknown arguments", { hint: "halfkey-server --help shows what there is" })
}

// The database and its log are for this user alone, wherever they are made.
process.umask(0o077)
process.on("uncaughtException", fail)
process.on("unhandledRejection", fail)
await main(process.argv.slice(2)).catch(fail)
