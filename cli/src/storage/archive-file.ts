/**
 * What could bring back what a restored database lost (S10), in `state/<workspace id>.archive`: one JSON value on each
 * line. Signed documents and sealed records only, so nothing here opens anything. Written when something new was seen, by
 * one append; read by `reconcile` and `restore accept` alone.
 */
import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs"
import { join } from "node:path"
import type { Archive, ArchivedRecord, ArchiveStore } from "halfkey/secrets"
import { underLock } from "./file-lock.ts"
import { ensurePrivateDirectory, readPrivateFile, writePrivateFile } from "./private-files.ts"

/** A larger file is gone through: what is outdated goes, then the oldest records, until half of this is left. */
const usualMaxBytes = 32 * 1024 * 1024

type Line = { readonly roster: unknown } | { readonly manifest: unknown } | { readonly record: ArchivedRecord }

/** A store that several processes may use at once. */
export function fileArchive(
  configDirectory: string,
  workspaceId: string,
  { maxBytes = usualMaxBytes } = {},
): ArchiveStore {
  const directory = join(configDirectory, "state")
  const path = join(directory, `${workspaceId}.archive`)
  return {
    load: async () => archiveOf(readLines(path)),
    add: async (news) => {
      ensurePrivateDirectory(directory)
      underLock(`${path}.lock`, () => {
        // No fsync: a power failure costs what was new, and no protection.
        if (append(path, textOf(linesOf(news))) <= maxBytes) return
        writePrivateFile(path, textOf(shortened(readLines(path), maxBytes / 2)), { durable: false })
      })
    },
  }
}

function linesOf({ manifests, records, rosters }: Archive): Line[] {
  return [
    ...rosters.map((roster) => ({ roster })),
    ...manifests.map((manifest) => ({ manifest })),
    ...records.map((record) => ({ record })),
  ]
}

function archiveOf(lines: readonly Line[]): Archive {
  return {
    rosters: lines.flatMap((line) => ("roster" in line ? [line.roster] : [])),
    manifests: lines.flatMap((line) => ("manifest" in line ? [line.manifest] : [])),
    records: lines.flatMap((line) => ("record" in line ? [line.record] : [])),
  }
}

/** Begins with a line end, so that what a crash has cut off spoils nothing but itself. */
function textOf(lines: readonly Line[]): string {
  return `\n${lines.map((line) => `${JSON.stringify(line)}\n`).join("")}`
}

/** The size afterwards. */
function append(path: string, text: string): number {
  const descriptor = openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600)
  try {
    writeSync(descriptor, text)
    return fstatSync(descriptor).size
  } finally {
    closeSync(descriptor)
  }
}

function readLines(path: string): Line[] {
  return (readPrivateFile(path) ?? "").split("\n").flatMap((text) => {
    try {
      const line: unknown = JSON.parse(text)
      return typeof line === "object" && line !== null ? [line as Line] : []
    } catch {
      return []
    }
  })
}

interface Position {
  readonly keysetId?: string
  readonly incarnation?: number
  readonly revision?: number
}

/** All rosters, of each key set the newest manifest, of each secret the newest record, as far as there is room. */
function shortened(lines: readonly Line[], maxBytes: number): Line[] {
  const kept = new Map<string, Line>()
  let size = 0
  for (const line of [...lines].reverse()) {
    const place = placeOf(line)
    const known = kept.get(place)
    if (known !== undefined && !isNewer(line, known)) continue
    const length = JSON.stringify(line).length
    if ("record" in line && size + length > maxBytes) continue
    size += length
    kept.set(place, line)
  }
  return [...kept.values()].reverse()
}

function placeOf(line: Line): string {
  if ("roster" in line) return `roster ${(line.roster as { readonly seq?: number }).seq}`
  if ("manifest" in line) return `manifest ${(line.manifest as Position).keysetId}`
  return `record ${line.record.keysetId} ${line.record.name}`
}

function isNewer(line: Line, known: Line): boolean {
  if ("record" in line && "record" in known) return line.record.version > known.record.version
  if (!("manifest" in line && "manifest" in known)) return false
  const [left, right] = [line.manifest as Position, known.manifest as Position]
  const byIncarnation = (left.incarnation ?? 0) - (right.incarnation ?? 0)
  return byIncarnation === 0 ? (left.revision ?? 0) > (right.revision ?? 0) : byIncarnation > 0
}
