/** `halfkey-server check`: is everything in the database what it should be? Beside a running server or without one. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { problemCodes } from "@halfkey/core/formats/problem-codes"
import type { RootKey } from "@halfkey/core/key-service/root-key"
import { systemRandom } from "@halfkey/core/primitives/random"
import { checkDatabase } from "../check/check-database.ts"
import { type Counts, type Finding, Findings } from "../check/finding.ts"
import type { Config, RootKeySource } from "../config.ts"
import { loadRootKey } from "../root-key/load.ts"
import { serverRows } from "../store/check-queries.ts"
import { schemaVersion } from "../store/sqlite/open.ts"
import { readSqlite, type Snapshot } from "../store/sqlite/snapshot.ts"
import { readArguments, usage } from "./arguments.ts"
import { type CommandParts, requireDatabase } from "./open-database.ts"

/** What is printed on standard output, and how the process ends. */
export interface CommandResult {
  readonly text: string
  readonly exit: number
}

export interface Report {
  readonly schema: number
  /** `undefined` where the file is so damaged that nothing was counted. */
  readonly counts: Counts | undefined
  /** Whether what is wrapped was opened. */
  readonly openedKeys: boolean
  readonly findings: readonly Finding[]
  /** More than are listed, where there are very many. */
  readonly findingCount: number
}

const example = "halfkey-server check   (or: halfkey-server check -o json)"

export async function check(
  { config }: Pick<CommandParts, "config">,
  words: readonly string[],
): Promise<CommandResult> {
  const { values } = readArguments(words, { options: { output: "string" }, words: 0, example })
  const format = values.output ?? "text"
  if (format !== "text" && format !== "json") throw usage("-o is text or json", example)
  requireDatabase(config)
  const report = await reportOf(config)
  const isSound = report.findingCount === 0
  const text =
    format === "json" ? `${JSON.stringify({ sound: isSound, ...report }, null, 2)}\n` : textOf(config, report)
  return { text, exit: isSound ? 0 : problemCodes.database_damaged.exit }
}

/** Also of what keeps a database from being read at all. */
async function reportOf(config: Config): Promise<Report> {
  const failure = (error: unknown, name: Finding["check"]): Finding => {
    if (!(error instanceof HalfkeyError)) throw error
    return { check: name, place: placeOf(config), problem: error.message }
  }
  try {
    return await checkConfigured(config, config.rootKey)
  } catch (error) {
    const code = error instanceof HalfkeyError ? error.code : undefined
    if (code === "root_key_mismatch") {
      const rest = await checkConfigured(config, undefined)
      return { ...rest, findings: [failure(error, "keys"), ...rest.findings], findingCount: rest.findingCount + 1 }
    }
    if (code !== "database_damaged") throw error
    const findings = [failure(error, "file")]
    return { schema: schemaVersion, counts: undefined, openedKeys: false, findings, findingCount: 1 }
  }
}

/** Checks a database file. A root key that cannot be had is no finding; another one than the database's is. */
export async function checkFile(path: string, rootKey: RootKeySource | undefined): Promise<Report> {
  return await readSqlite(path, (snapshot) => lookAt(snapshot, path, rootKey))
}

/** The same of the database that the settings name. PostgreSQL looks after its own pages and references. */
async function checkConfigured(config: Config, rootKey: RootKeySource | undefined): Promise<Report> {
  const { databasePath, postgres } = config
  if (postgres === undefined) return await checkFile(databasePath, rootKey)
  const { readPostgres } = await import("../store/postgres/snapshot.ts")
  return await readPostgres(postgres, (reader) =>
    lookAt({ reader, damage: [], danglingReferences: [] }, placeOf(config), rootKey),
  )
}

const placeOf = ({ databasePath, postgres }: Config) =>
  postgres === undefined ? databasePath : `${postgres.database} on ${postgres.host}`

async function lookAt(snapshot: Snapshot, place: string, rootKey: RootKeySource | undefined): Promise<Report> {
  const findings = new Findings()
  for (const problem of snapshot.damage) findings.add("file", place, problem)
  for (const problem of snapshot.danglingReferences) findings.add("references", place, problem)
  const key = await keyOf(snapshot, rootKey)
  // In a file whose pages are damaged every further finding would only be a consequence.
  const counts = snapshot.damage.length > 0 ? undefined : await checkDatabase(snapshot.reader, findings, key)
  return {
    schema: schemaVersion,
    counts,
    openedKeys: key !== undefined,
    findings: findings.kept,
    findingCount: findings.count,
  }
}

/** Throws `root_key_mismatch`. */
async function keyOf({ reader }: Snapshot, source: RootKeySource | undefined): Promise<RootKey | undefined> {
  const server = await reader.first(serverRows, {})
  if (server === undefined || source === undefined) return undefined
  try {
    return loadRootKey(source, server, systemRandom).rootKey
  } catch (error) {
    if (error instanceof HalfkeyError && error.code === "missing_configuration") return undefined
    throw error
  }
}

export function countsText(counts: Counts): string {
  const of = (count: number, one: string, many = `${one}s`) => `${count} ${count === 1 ? one : many}`
  return [
    of(counts.workspaces, "workspace"),
    of(counts.environments, "environment"),
    `${of(counts.secrets, "secret")} in ${of(counts.versions, "version")}`,
    of(counts.auditEntries, "audit entry", "audit entries"),
  ].join(", ")
}

export const findingText = ({ check, place, problem }: Finding) => `${check}: ${place}: ${problem}`

function textOf(config: Config, report: Report): string {
  const { schema, counts, openedKeys, findings, findingCount } = report
  const held = counts === undefined ? "" : `, ${countsText(counts)}`
  const verdict = findingCount === 0 ? "is sound" : `has ${findingCount} ${findingCount === 1 ? "problem" : "problems"}`
  const lines = [
    `${placeOf(config)} ${verdict}: schema ${schema}${held}`,
    ...findings.map((each) => `  ${findingText(each)}`),
  ]
  if (!openedKeys) lines.push("  wrapped keys were not opened: there is no root key here (HALFKEY_ROOT_KEY_FILE)")
  if (findingCount > 0)
    lines.push("  keep a copy of the file, and restore a backup: halfkey-server restore FILE --replace")
  return `${lines.join("\n")}\n`
}
