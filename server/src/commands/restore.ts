/** `halfkey-server restore FILE`: a database from a backup, after everything in it was checked. A crash leaves the old one or the new one. */
import { existsSync, rmdirSync, rmSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { type OpenBackup, openBackup } from "../backup/backup-file.ts"
import { keyToRead } from "../backup/backup-key.ts"
import { removeUnusedAsides, replaceDatabase } from "../backup/replace-database.ts"
import type { Config } from "../config.ts"
import { partialPath, prepareDataDirectory, removePartialFiles } from "../data-directory.ts"
import { upgradeSqlite } from "../store/sqlite/snapshot.ts"
import { readArguments } from "./arguments.ts"
import { checkFile, countsText, findingText, type Report } from "./check.ts"
import { type CommandParts, lockStopped, requireSqlite } from "./open-database.ts"
import { progressOf } from "./progress.ts"

/** What is on disk when each is reached; a test ends the process there. */
export type RestoreStep = "half of the database" | "the database" | "checked" | "aside" | "its place"
type Reached = (step: RestoreStep) => void

export async function restore(
  { config }: Pick<CommandParts, "config">,
  words: readonly string[],
  reached: Reached = () => {},
): Promise<string> {
  const { values, words: files } = readArguments(words, {
    options: { "passphrase-file": "string", "dry-run": "boolean", replace: "boolean", anyway: "boolean" },
    words: 1,
    example: "halfkey-server restore /mnt/backups/halfkey-2026-01-31.backup --dry-run",
  })
  requireSqlite(config)
  const path = resolve(files[0] ?? "")
  const backup = openBackup(path)
  try {
    const passphraseFile = values["passphrase-file"]
    const rootKey = keyToRead(config.rootKey, passphraseFile && resolve(passphraseFile), backup.header)
    const isTrial = values["dry-run"] === true
    return await inDirectory(config, isTrial, async () => {
      if (!isTrial) requireNothing(config, values.replace === true)
      const partial = partialPath(join(dirname(config.databasePath), "restored"))
      try {
        const show = progressOf("restore")
        backup.extract(rootKey, partial, (done, of) => {
          show(done, of)
          if (done * 2 >= of) reached("half of the database")
        })
        reached("the database")
        upgradeSqlite(partial, { keepsCopy: false })
        const report = await checkFile(partial, config.rootKey)
        if (report.findingCount > 0 && values.anyway !== true) throw unsound(path, report)
        reached("checked")
        if (isTrial) return described(path, backup, report, config)
        const aside = replaceDatabase(config.databasePath, partial, () => reached("aside"))
        reached("its place")
        return done(path, backup, report, aside)
      } finally {
        for (const suffix of ["", "-wal", "-shm"]) rmSync(partial + suffix, { force: true })
      }
    })
  } finally {
    backup.close()
  }
}

/** A trial leaves nothing behind, and a server may run beside it. */
async function inDirectory(config: Config, isTrial: boolean, body: () => Promise<string>): Promise<string> {
  const { dataDirectory } = config
  const isNew = !existsSync(dataDirectory)
  prepareDataDirectory(dataDirectory, config.allowSharedDataDirectory)
  const unlock = isTrial
    ? () => {}
    : lockStopped(dataDirectory, "stop it first, or add --dry-run, which only checks the backup")
  try {
    for (const directory of new Set([dataDirectory, dirname(config.databasePath)])) removePartialFiles(directory)
    if (!isTrial) removeUnusedAsides(config.databasePath)
    return await body()
  } finally {
    unlock()
    if (isTrial && isNew) rmdirSync(dataDirectory)
  }
}

function requireNothing({ databasePath }: Config, mayReplace: boolean): void {
  if (mayReplace || !hasDatabase(databasePath)) return
  throw new HalfkeyError("invalid_argument", `there is a database ${databasePath} already`, {
    hint: "add --replace: it is moved aside, not deleted; or set HALFKEY_DATA_DIR to an empty directory",
  })
}

const hasDatabase = (path: string) => existsSync(path) || existsSync(`${path}-wal`)

function unsound(path: string, { findings, findingCount }: Report): HalfkeyError {
  const [first] = findings
  const more = findingCount > 1 ? `, and ${findingCount - 1} more` : ""
  return new HalfkeyError(
    "database_damaged",
    `the database in ${path} is not sound: ${first && findingText(first)}${more}`,
    { hint: "nothing was changed; take an earlier backup, or add --anyway and run halfkey-server check afterwards" },
  )
}

const inside = ({ header }: OpenBackup, { counts }: Report) =>
  `${counts === undefined ? "a database" : countsText(counts)}, as of ${header.createdAt}`

function described(path: string, backup: OpenBackup, report: Report, { databasePath }: Config): string {
  return [
    `${path} can be restored: ${inside(backup, report)}`,
    ...notes(report),
    hasDatabase(databasePath)
      ? `  there is a database ${databasePath}: --replace would move it aside; nothing was changed`
      : "  nothing was changed",
    "",
  ].join("\n")
}

function notes({ findings, openedKeys }: Report): string[] {
  const lines = findings.map((each) => `  ${findingText(each)}`)
  if (openedKeys) return lines
  return [...lines, "  its root key is not here, and the server will not start without it (HALFKEY_ROOT_KEY_FILE)"]
}

function done(path: string, backup: OpenBackup, report: Report, aside: string | undefined): string {
  return [
    `restored ${inside(backup, report)}, from ${path}`,
    ...notes(report),
    ...(aside === undefined ? [] : [`  what was there before is in ${aside}`]),
    "  start the server; machines that have seen more since then refuse it (exit code 7), as they should. Tell people:",
    "    halfkey reconcile         on every machine: lists what the server went back on",
    "    halfkey restore accept    once, by a granter who knows that this was you; then all go on",
    "",
  ].join("\n")
}
