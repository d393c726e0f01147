/** What was proved about an audit log. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { VerifiedAudit } from "halfkey/admin"
import type { Context } from "../context.ts"
import { printRecord } from "./formats.ts"

const columns = [
  { key: "entries", title: "ENTRIES" },
  { key: "rootHash", title: "ROOT" },
  { key: "origin", title: "LOG" },
  { key: "seenBefore", title: "SEEN BEFORE" },
  { key: "receipts", title: "OWN RECEIPTS" },
]

export async function printVerified(context: Context, verified: VerifiedAudit): Promise<void> {
  const { archived, goesOnFrom, notCompared, origin, receipts, restored, rootHash, size, uncovered } = verified
  const seenBefore = goesOnFrom === undefined ? null : `${goesOnFrom.size} entries on ${goesOnFrom.seenAt}`
  await printRecord(context, columns, { entries: size, rootHash, origin, seenBefore, receipts })
  if (restored !== undefined) {
    const { incarnation, lostReceipts } = restored
    const lost = lostReceipts === 0 ? "" : `; ${lostReceipts} receipts of this machine are of entries that it lost`
    context.note(`a granter accepted a restore: the log goes on as incarnation ${incarnation}${lost}`)
  }
  if (archived > 0) {
    context.note(
      `entries 0 to ${archived - 1} are in archive files: they belong to the tree, but were not read (--archive FILE reads them)`,
    )
  }
  if (uncovered > 0) context.note(`${uncovered} later entries are not covered by this checkpoint`)
  if (notCompared !== undefined) {
    const which = notCompared.origin === origin ? "ends before that" : `is of another log, not of ${notCompared.origin}`
    context.warn(
      `this machine saw ${notCompared.size} entries on ${notCompared.seenAt}, and the export ${which}: what was seen was not compared\n  try: halfkey audit verify   (asks the server)`,
    )
  } else if (goesOnFrom === undefined && restored === undefined) {
    context.note(
      "no checkpoint was seen before on this machine: the next time shows whether the log goes on from this one",
    )
  }
  context.note("the audit log passed every check")
}

/** They are under the root, which proves that they were not changed, and nothing about where they are now. */
export function requireAllRead({ archived }: VerifiedAudit): void {
  if (archived === 0) return
  throw new HalfkeyError(
    "audit_verification_failed",
    `entries 0 to ${archived - 1} are in archive files and were not read; everything behind them passed`,
    { hint: "--archive FILE for each of them, in order   (halfkey-server audit archive made them)" },
  )
}
