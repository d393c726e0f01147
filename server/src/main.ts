/** `halfkey-server`: arguments, signals and exit codes. Everything else is in `create-server.ts`. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { problemCodes } from "@halfkey/core/formats/problem-codes"
import { archiveAudit } from "./commands/archive-audit.ts"
import { backUp } from "./commands/backup.ts"
import { type CommandResult, check } from "./commands/check.ts"
import { migrate } from "./commands/migrate.ts"
import type { CommandParts } from "./commands/open-database.ts"
import { restore } from "./commands/restore.ts"
import { rotateRootKeyCommand } from "./commands/rotate-root-key.ts"
import { rotateCheckpointKey, rotateTokenKey } from "./commands/rotate-signing-key.ts"
import { setupToken } from "./commands/setup-token.ts"
import { readConfig } from "./config.ts"
import { createServer, type RunningServer } from "./create-server.ts"
import { help } from "./help.ts"
import { BufferedOutput } from "./log.ts"
import { releaseMemory } from "./release-memory.ts"
import { version } from "./version.ts"

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
  const config = readConfig(process.env)
  const server = await createServer({ config, logDestination: output, onFatal: fail, beforeListening: releaseMemory })
  stopOnSignals(server)
  // Without a file to open again, SIGHUP keeps its usual meaning.
  if (config.streams.file !== undefined) process.on("SIGHUP", () => server.reopenStreams())
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

/** What a command says on standard output, and how it ends where that is not 0. */
type Said = string | CommandResult

/** Commands that take options. */
const commandsWithOptions: Readonly<Record<string, (parts: CommandParts, words: readonly string[]) => Promise<Said>>> =
  {
    "audit archive": archiveAudit,
    backup: (parts, words) => backUp(parts, words),
    restore: (parts, words) => restore(parts, words),
    check,
    migrate: (parts, words) => migrate(parts, words),
  }

/** Each command by its words; it gives what goes to standard output. */
const commands: Readonly<Record<string, (parts: CommandParts) => Promise<string>>> = {
  "setup-token": setupToken,
  "root-key rotate": (parts) => rotateRootKeyCommand(parts),
  "token-key rotate": (parts) => rotateTokenKey(parts, false),
  "token-key rotate --at-once": (parts) => rotateTokenKey(parts, true),
  "checkpoint-key rotate": rotateCheckpointKey,
  "--version": async () => `${version}\n`,
  "-v": async () => `${version}\n`,
  "--help": async () => help,
  "-h": async () => help,
}

async function main(words: readonly string[]): Promise<void> {
  if (words.length === 0) return serve()
  const command = findCommand(words)
  if (command === undefined) {
    throw new HalfkeyError("invalid_argument", "unknown arguments", {
      hint: "halfkey-server --help shows what there is",
    })
  }
  const parts = {
    get config() {
      return readConfig(process.env)
    },
    onFatal: fail,
  }
  const said = await command(parts)
  const { text, exit } = typeof said === "string" ? { text: said, exit: 0 } : said
  process.exitCode = exit
  process.stdout.write(text)
}

function findCommand(words: readonly string[]): ((parts: CommandParts) => Promise<Said>) | undefined {
  const all = words.join(" ")
  if (Object.hasOwn(commands, all)) return commands[all]
  for (const length of [1, 2]) {
    const name = words.slice(0, length).join(" ")
    const command = Object.hasOwn(commandsWithOptions, name) ? commandsWithOptions[name] : undefined
    if (command !== undefined) return (parts) => command(parts, words.slice(length))
  }
  return undefined
}

// The database and its log are for this user alone, wherever they are made.
process.umask(0o077)
process.on("uncaughtException", fail)
process.on("unhandledRejection", fail)
await main(process.argv.slice(2)).catch(fail)
