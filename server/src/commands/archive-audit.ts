/** `halfkey-server audit archive --before TIME --to DIR [--forget-stream NAME]`: moves old entries of every audit log into files. */
import { createHash } from "node:crypto"
import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { auditLeafHash } from "@halfkey/core/formats/audit-entry"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import { treeHashLength } from "@halfkey/core/formats/merkle-tree"
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import { equalBytes } from "@halfkey/core/primitives/hash"
import { systemRandom } from "@halfkey/core/primitives/random"
import { syncDirectory } from "../data-directory.ts"
import type { AuditArchive, StoredEntry } from "../domain/audit/audit-store.ts"
import { tileWidth } from "../domain/audit/tiles.ts"
import type { Store } from "../domain/store.ts"
import { AuditEntries } from "../services/audit/entries.ts"
import type { StreamSettings } from "../streams/stream-settings.ts"
import { version } from "../version.ts"
import { type CommandParts, withDatabase } from "./open-database.ts"

const dayMs = 24 * 60 * 60 * 1000

/** While the server runs or not. Each file is on disk before an entry is deleted; a run that was interrupted is finished by the next one. */
export async function archiveAudit(parts: CommandParts, words: readonly string[]): Promise<string> {
  const { before, directory, forgotten } = readArguments(words)
  return withDatabase(parts, async (store) => {
    const lines: string[] = []
    for (const workspaceId of await store.audit.workspaces()) {
      await forgetArchived(store, workspaceId)
      const range = await rangeOf(store, workspaceId, before, { set: parts.config.streams, forgotten })
      if (typeof range === "string") {
        lines.push(`${workspaceId}: nothing to move${range}\n`)
        continue
      }
      const archive = await writeFile(store, workspaceId, range, directory)
      await store.audit.archive(entryOf(workspaceId, archive), archive)
      await forgetArchived(store, workspaceId)
      lines.push(
        `${workspaceId}: entries ${archive.first} to ${archive.last} are in ${join(directory, archive.file)}\n`,
      )
    }
    return lines.join("")
  })
}

function readArguments(words: readonly string[]) {
  const { before, "forget-stream": forgotten, to } = optionsOf(words)
  if (before === undefined || to === undefined) throw usage("--before and --to are needed")
  const days = /^(\d{1,5})d$/.exec(before)?.[1]
  const time = days === undefined ? Date.parse(before) : Date.now() - Number(days) * dayMs
  if (!Number.isFinite(time)) throw usage("--before is no time")
  if (!statSync(to, { throwIfNoEntry: false })?.isDirectory()) {
    throw new HalfkeyError("invalid_argument", `${to} is no directory`, { hint: `mkdir -m 700 ${to}` })
  }
  if (forgotten !== undefined && forgotten !== "file" && forgotten !== "webhook") {
    throw usage("--forget-stream is file or webhook")
  }
  return { before: time, directory: to, forgotten } as const
}

function optionsOf(words: readonly string[]) {
  try {
    const options = {
      before: { type: "string" },
      to: { type: "string" },
      "forget-stream": { type: "string" },
    } as const
    return parseArgs({ args: [...words], options }).values
  } catch (cause) {
    throw usage("unknown arguments", cause)
  }
}

function usage(why: string, cause?: unknown): HalfkeyError {
  const hint = "halfkey-server audit archive --before 2026-01-31 --to /var/lib/halfkey-archive   (or --before 400d)"
  return new HalfkeyError("invalid_argument", why, { hint, cause })
}

interface Range {
  readonly first: number
  /** Behind the last. */
  readonly end: number
}

/**
 * Whole blocks that are old, covered by a checkpoint, and taken by every stream; the newest entry stays. Or why there are
 * none. A stream that took something once counts also where this shell does not have the server's variables.
 */
async function rangeOf(
  store: Store,
  workspaceId: WorkspaceId,
  before: number,
  streams: { readonly set: StreamSettings; readonly forgotten: "file" | "webhook" | undefined },
): Promise<Range | string> {
  const { first, end: old } = await store.audit.blocksBefore(workspaceId, before)
  let end = Math.min(old, (await store.audit.checkpoint(workspaceId))?.size ?? 0)
  let why = ""
  for (const name of ["file", "webhook"] as const) {
    const taken = await store.audit.streamed(name, workspaceId)
    const counts = streams.set[name] !== undefined || taken > 0
    if (!counts || streams.forgotten === name || taken >= end) continue
    end = taken
    why = `: the ${name} stream has taken ${taken} entries (--forget-stream ${name} where it is out of use)`
  }
  const whole = end - (end % tileWidth)
  return whole > first ? { first, end: whole } : why
}

/** Lines as `halfkey audit export` writes them. Throws `database_damaged` for an entry that is not the one in the tree. */
async function writeFile(
  store: Store,
  workspaceId: WorkspaceId,
  { first, end }: Range,
  directory: string,
): Promise<AuditArchive> {
  const name = `${workspaceId}-${first}-${end - 1}.jsonl`
  const partial = join(directory, `.${name}.partial`)
  rmSync(partial, { force: true })
  const file = openSync(partial, "wx", 0o600)
  const hash = createHash("sha256")
  try {
    for (let from = first; from < end; from += tileWidth) {
      const bytes = Buffer.from((await blockOf(store, workspaceId, from)).map(lineOf).join(""))
      for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written)
      hash.update(bytes)
    }
    fsyncSync(file)
  } catch (error) {
    rmSync(partial, { force: true })
    throw explained(error, directory)
  } finally {
    closeSync(file)
  }
  renameSync(partial, join(directory, name))
  syncDirectory(directory)
  return { first, last: end - 1, file: name, hash: new Uint8Array(hash.digest()), time: Date.now() }
}

function lineOf({ index, bytes }: StoredEntry): string {
  return `${JSON.stringify({ index, entry: Buffer.from(bytes).toString() })}\n`
}

async function blockOf(store: Store, workspaceId: WorkspaceId, from: number): Promise<readonly StoredEntry[]> {
  const tile = await store.audit.tiles(workspaceId).tile(0, from / tileWidth)
  const entries: StoredEntry[] = []
  while (entries.length < tileWidth) {
    const after = from + entries.length - 1
    const page = { after: after < 0 ? undefined : after, limit: tileWidth - entries.length, order: "asc" } as const
    const found = (await store.audit.entries(workspaceId, {}, page)).entries
    if (found.length === 0) break
    entries.push(...found)
  }
  for (let place = 0; place < tileWidth; place++) {
    const [entry, leaf] = [entries[place], tile?.subarray(place * treeHashLength, (place + 1) * treeHashLength)]
    const isRight = entry?.index === from + place && leaf && equalBytes(auditLeafHash(entry.bytes), leaf)
    if (isRight) continue
    throw new HalfkeyError("database_damaged", `entry ${from + place} of ${workspaceId} is not the one in the tree`, {
      hint: "nothing was moved; ask a workspace's admin to run: halfkey audit verify",
    })
  }
  return entries
}

function explained(error: unknown, directory: string): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code !== "ENOSPC" && code !== "EDQUOT") return error
  return new HalfkeyError("storage_full", `there is no room in ${directory}: nothing was moved`, {
    hint: "free some space, then run it again",
    cause: error,
  })
}

/** Of archives that are written down: what an earlier run had no time for. */
async function forgetArchived(store: Store, workspaceId: WorkspaceId): Promise<void> {
  const blocks = await store.audit.forgettableBlocks(workspaceId)
  for (let number = blocks.first; number < blocks.end; number++) await store.audit.forgetBlock(workspaceId, number)
}

/** The move itself is an entry, of whoever can start programs on the server's machine. */
function entryOf(workspaceId: WorkspaceId, { first, last, file, hash }: AuditArchive) {
  const caller = {
    credential: undefined,
    requestId: toBase64Url(systemRandom(15)),
    address: "local",
    userAgent: `halfkey-server/${version}`,
    identity: {},
  }
  const subject = `entries ${first} to ${last} are in ${file}, SHA-256 ${toBase64Url(hash)}`
  return new AuditEntries(Date.now, systemRandom).record(caller, {
    workspaceId,
    action: "audit.archive",
    details: { subject },
  })
}
