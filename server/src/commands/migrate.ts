/** `halfkey-server migrate`: what a server's start does by itself, or only a trial of it. */
import { rmSync } from "node:fs"
import { dirname, join } from "node:path"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { Config } from "../config.ts"
import { partialPath, removePartialFiles } from "../data-directory.ts"
import { type MigrationStep, schemaVersion } from "../store/sqlite/open.ts"
import { copySqlite, serverInFile, upgradeSqlite } from "../store/sqlite/snapshot.ts"
import { readArguments } from "./arguments.ts"
import { checkFile, countsText, findingText } from "./check.ts"
import { type CommandParts, lockStopped, requireDatabase, requireSqlite } from "./open-database.ts"

export async function migrate(
  { config }: Pick<CommandParts, "config">,
  words: readonly string[],
  reached: (step: MigrationStep) => void = () => {},
): Promise<string> {
  const { values } = readArguments(words, {
    options: { "dry-run": "boolean" },
    words: 0,
    example: "halfkey-server migrate --dry-run",
  })
  requireSqlite(config)
  requireDatabase(config)
  const { databasePath: path } = config
  const { schema } = serverInFile(path)
  if (schema === schemaVersion) return `${path} has schema ${schema} already, that of this version\n`
  return values["dry-run"] === true ? await tryOut(config, schema) : migrateNow(config, reached)
}

/** On a copy, with every check afterwards; a server may run beside it. */
async function tryOut({ databasePath, rootKey }: Config, schema: number): Promise<string> {
  const directory = dirname(databasePath)
  removePartialFiles(directory)
  const copy = partialPath(join(directory, "migrated"))
  try {
    copySqlite(databasePath, copy)
    upgradeSqlite(copy, { keepsCopy: false })
    const { findings, counts } = await checkFile(copy, rootKey)
    const [first] = findings
    if (first !== undefined) {
      throw new HalfkeyError(
        "database_damaged",
        `as a copy with schema ${schemaVersion} it is not sound: ${findingText(first)}`,
        {
          hint: "nothing was changed; do not start this version on it, and tell the makers of halfkey",
        },
      )
    }
    const held = counts === undefined ? "" : `: ${countsText(counts)}`
    return [
      `${databasePath} can be brought from schema ${schema} to ${schemaVersion}: a copy was, and is sound${held}`,
      "  nothing was changed; the next start of this version does it",
      "",
    ].join("\n")
  } finally {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(copy + suffix, { force: true })
  }
}

function migrateNow({ dataDirectory, databasePath }: Config, reached: (step: MigrationStep) => void): string {
  const unlock = lockStopped(dataDirectory, "stop it first: its own version does not know the new schema")
  try {
    const migrated = upgradeSqlite(databasePath, { keepsCopy: true, reached })
    const { from, to, copy } = migrated ?? { from: schemaVersion, to: schemaVersion, copy: undefined }
    return [
      `${databasePath} was brought from schema ${from} to ${to}`,
      `  the one before is in ${copy}: remove it when all is well, since keys that are deleted from now on are in it still`,
      "",
    ].join("\n")
  } finally {
    unlock()
  }
}
