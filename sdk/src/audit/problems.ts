/** What can be wrong with an audit log (S12), in words: which entry, what, since when, what to do. Exit code 7. */
import { type ErrorDetails, HalfkeyError } from "@halfkey/core/formats/errors"
import type { AuditFloor, Receipt } from "../stores.ts"

/** Checks of an audit log, by the name in the failure. */
export type AuditCheck = "checkpoint" | "origin" | "signature" | "freshness" | "entries" | "proof" | "receipts"

export function auditCheckFailed(check: AuditCheck, message: string, facts?: ErrorDetails["facts"]): HalfkeyError {
  return new HalfkeyError("audit_verification_failed", `check "${check}" failed: ${message}`, {
    check,
    hint: "keep what is there (`halfkey audit export --file now.jsonl`) and this machine's state directory; then ask your operator: an honest server cannot do this",
    facts,
  })
}

export const timeText = (time: number): string => new Date(time).toISOString()

/** `entry 4`, `entries 4 to 9`. */
export function rangeText(first: number, last: number): string {
  return first === last ? `entry ${first}` : `entries ${first} to ${last}`
}

export function shrunkLog({ seenAt, size }: AuditFloor, now: number): HalfkeyError {
  return auditCheckFailed(
    "freshness",
    `the log has shrunk: this machine saw ${size} entries on ${timeText(seenAt)}, now it has ${now}: ${rangeText(now, size - 1)} went missing, if nothing else`,
    { index: now, size: now, seenSize: size, seenAt: timeText(seenAt) },
  )
}

/** `range`: where what differs must be, as far as it is known. */
export function anotherLog({ seenAt, size }: AuditFloor, range?: { first: number; last: number }): HalfkeyError {
  const where = range === undefined ? "" : `; what was changed is in ${rangeText(range.first, range.last)}`
  return auditCheckFailed(
    "freshness",
    `what this machine saw on ${timeText(seenAt)} as ${rangeText(0, size - 1)} is not there any more: the log was rewritten or forked${where}`,
    {
      ...(range !== undefined && { index: range.first, lastIndex: range.last }),
      seenSize: size,
      seenAt: timeText(seenAt),
    },
  )
}

/** `place`: an entry of about that time, where one is known. */
export function lostReceipt({ leafHash, time }: Receipt, missing: number, size: number, place?: number): HalfkeyError {
  const near = place === undefined ? "" : `; it belongs near entry ${place}`
  const more = missing === 1 ? "" : `, and ${missing - 1} more`
  return auditCheckFailed(
    "receipts",
    `an entry was removed or changed: the answer that this machine got on ${timeText(time)} has no entry among the ${size}${near} (receipt ${leafHash}${more})`,
    { ...(place !== undefined && { index: place }), receipt: leafHash, receivedAt: timeText(time), missing },
  )
}
