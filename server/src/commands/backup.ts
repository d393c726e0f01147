/** `halfkey-server backup FILE`: everything of the database in one sealed file, beside a running server or without one. */
import { rmSync } from "node:fs"
import { join, resolve } from "node:path"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { backupChunkLength } from "@halfkey/core/key-service/backup"
import { systemRandom } from "@halfkey/core/primitives/random"
import { requireNewFile, writeBackup } from "../backup/backup-file.ts"
import { keyToWrite } from "../backup/backup-key.ts"
import type { Config } from "../config.ts"
import { partialPath, removePartialFiles } from "../data-directory.ts"
import type { ServerRow } from "../domain/rows.ts"
import { copySqlite, serverInFile } from "../store/sqlite/snapshot.ts"
import { version } from "../version.ts"
import { readArguments } from "./arguments.ts"
import { type CommandParts, requireDatabase, requireSqlite } from "./open-database.ts"
import { inMebibytes, progressOf } from "./progress.ts"

/** What is on disk when each is reached; a test ends the process there. */
export type BackupStep = "the copy" | "half of the file" | "the file" | "its place"

export async function backUp(
  { config }: Pick<CommandParts, "config">,
  words: readonly string[],
  reached: (step: BackupStep) => void = () => {},
): Promise<string> {
  const { values, words: files } = readArguments(words, {
    options: { "passphrase-file": "string" },
    words: 1,
    example: "halfkey-server backup /mnt/backups/halfkey-2026-01-31.backup",
  })
  const to = resolve(files[0] ?? "")
  requireSqlite(config)
  requireDatabase(config)
  requireNewFile(to)
  removePartialFiles(config.dataDirectory)
  // A plain copy for as long as it is sealed: it holds what the database beside it holds.
  const copy = partialPath(join(config.dataDirectory, "backup"))
  try {
    copySqlite(config.databasePath, copy)
    reached("the copy")
    const { schema, server } = serverOf(copy)
    const passphraseFile = values["passphrase-file"]
    const { rootKey, named } = keyToWrite(config.rootKey, passphraseFile && resolve(passphraseFile), server)
    const header = {
      createdAt: new Date().toISOString(),
      server: version,
      schema,
      key: named,
      chunkLength: backupChunkLength,
      random: systemRandom(32),
    }
    const show = progressOf("backup")
    const progress = (done: number, of: number) => {
      show(done, of)
      if (done * 2 >= of) reached("half of the file")
    }
    const written = writeBackup({ from: copy, to, header, rootKey }, progress, () => reached("the file"))
    reached("its place")
    return [
      `${to}: ${inMebibytes(written.bytes)}, SHA-256 ${written.sha256}`,
      ...afterwards(config, named.kind, server, passphraseFile),
      "",
    ].join("\n")
  } finally {
    rmSync(copy, { force: true })
  }
}

function serverOf(copy: string): { readonly schema: number; readonly server: ServerRow } {
  const { schema, server } = serverInFile(copy)
  if (server !== undefined) return { schema, server }
  throw new HalfkeyError("missing_configuration", "the database has no keys yet", { hint: "start halfkey-server once" })
}

function afterwards(
  { rootKey }: Config,
  kind: "root-key" | "passphrase",
  { rootKeyId }: ServerRow,
  passphraseFile: string | undefined,
): string[] {
  const id = Buffer.from(rootKeyId).toString("hex")
  const place = rootKey.kind === "env" ? `the value of ${rootKey.variable}` : rootKey.path
  const opens =
    kind === "root-key"
      ? `it opens with the root key ${id}, which is not in it`
      : `it opens with the passphrase in ${passphraseFile}; what is in it needs the root key ${id}, which is not`
  return [`  ${opens}`, `  keep a copy of ${place} apart from it: without that nothing can be restored`]
}
