/** Verifying an export without any server: entries, a checkpoint, and what proves the key that signed it (S12). */
import { checkRoot, checkRosters } from "@halfkey/core/client/load-keyset"
import { isAuditKey } from "@halfkey/core/formats/checkpoint"
import { parseCrn } from "@halfkey/core/formats/crn"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import type { Roster, WorkspaceRootKeys } from "@halfkey/core/formats/roster"
import { fromBase64Url, toBase64Url } from "@halfkey/core/primitives/bytes"
import { equalBytes } from "@halfkey/core/primitives/hash"
import { AnswerReader } from "../answer-reader.ts"
import { readRootKeys, readRosters } from "../keyset-bundle.ts"
import { checkedHead } from "./checkpoints.ts"
import { LogVerifier } from "./log-verifier.ts"
import { auditCheckFailed, lostReceipt, rangeText, timeText } from "./problems.ts"
import type { AuditLogEntry, AuditRoster, VerifiedAudit, VerifyExportOptions } from "./types.ts"

/** Most that a server's and this machine's clock may differ (S8). */
const skewMaxMs = 60_000
/** How often progress is told, in entries. */
const progressEvery = 10_000

/** Throws `audit_verification_failed`; `keyset_verification_failed` for a roster that the CRN does not prove. */
export async function verifyExport(options: VerifyExportOptions): Promise<VerifiedAudit> {
  const { workspaceId } = parseCrn(options.workspaceCRN)
  const head = checkedHead(options.checkpoint, workspaceId, auditKeyOf(workspaceId, options))
  // Of another log since a restore there is nothing to compare.
  const floor = options.seen?.origin === head.origin ? options.seen : undefined
  const verifier = new LogVerifier(floor, options.receipts ?? [])
  let root = verifier.root()
  let until = 0
  // What lies behind the checkpoint may still be what was seen, or have receipts.
  const add = (entry: AuditLogEntry) => {
    verifier.add(entry)
    const { size } = verifier
    if (size === head.size) {
      root = verifier.root()
      until = timeOf(entry.entry) - skewMaxMs
    }
    if (size % progressEvery === 0) options.onProgress?.({ done: Math.min(size, head.size), total: head.size })
  }
  // Waiting for what is there already would take as long as hashing it.
  if (Symbol.iterator in options.entries) for (const entry of options.entries) add(entry)
  else for await (const entry of options.entries) add(entry)
  const { size } = verifier
  if (size < head.size) {
    throw auditCheckFailed(
      "entries",
      `${rangeText(size, head.size - 1)} ${head.size - size === 1 ? "is" : "are"} missing: the export has ${size}, its checkpoint covers ${head.size}`,
      { index: size, size: head.size },
    )
  }
  verifier.requireUnchanged()
  if (!equalBytes(root, head.rootHash)) {
    throw auditCheckFailed(
      "entries",
      `the ${head.size} entries are not those that were signed: at least one was changed, added, removed or moved`,
      { size: head.size },
    )
  }
  const missing = verifier.missing().filter(({ time }) => time < until)
  if (missing[0] !== undefined) throw lostReceipt(missing[0], missing.length, size)
  const isWithin = floor !== undefined && floor.size <= size
  const { seen } = options
  return {
    origin: head.origin,
    size: head.size,
    rootHash: toBase64Url(head.rootHash),
    goesOnFrom: isWithin ? { size: floor.size, seenAt: timeText(floor.seenAt) } : undefined,
    notCompared:
      isWithin || seen === undefined
        ? undefined
        : { origin: seen.origin, size: seen.size, seenAt: timeText(seen.seenAt) },
    restored: undefined,
    receipts: verifier.found,
    archived: 0,
    uncovered: size - head.size,
  }
}

/** When an entry was made, by the server's clock; the beginning of time for what does not say it. */
function timeOf(entry: string): number {
  try {
    const { time } = JSON.parse(entry) as { time?: unknown }
    return (typeof time === "string" && Date.parse(time)) || 0
  } catch {
    return 0
  }
}

function auditKeyOf(
  workspaceId: WorkspaceId,
  { auditKey, roster }: VerifyExportOptions,
): { readonly auditKey: Uint8Array; readonly seq?: number } {
  if (roster !== undefined) return newestRoster(workspaceId, roster)
  const key = auditKey === undefined ? undefined : fromBase64Url(auditKey)
  if (key !== undefined && isAuditKey(key)) return { auditKey: key }
  throw new HalfkeyError("invalid_argument", "there is no usable audit key to verify with", {
    hint: "give the roster that was kept with the export, or the key as 43 characters of base64url",
  })
}

/** The newest link of a chain whose every link is checked from the root's keys on, which the CRN commits to (S4). */
function newestRoster(workspaceId: WorkspaceId, roster: AuditRoster): Roster {
  const { root, rosters } = readRoster(roster)
  checkRoot(workspaceId, root)
  return checkRosters(workspaceId, root, rosters)
}

function readRoster(roster: AuditRoster): { readonly root: WorkspaceRootKeys; readonly rosters: Roster[] } {
  const reader = new AnswerReader(roster, "roster")
  try {
    return { root: readRootKeys(reader.field("root")), rosters: readRosters(reader.field("rosters")) }
  } catch (error) {
    if (!(error instanceof HalfkeyError) || error.code !== "invalid_response") throw error
    throw new HalfkeyError("invalid_argument", "the roster that was given is none", {
      hint: "halfkey audit export --roster FILE   (writes one)",
    })
  }
}
