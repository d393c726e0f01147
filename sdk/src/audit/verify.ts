/** `audit.verify`: reads the whole log of a server and checks all that can be checked (S12). */
import { equalBytes } from "@halfkey/core/primitives/hash"
import type { Session } from "../session.ts"
import type { Receipt } from "../stores.ts"
import { memoryOf, readHead, remember, type SignedHead } from "./checkpoints.ts"
import { readPage, readPages } from "./entries.ts"
import { LogVerifier } from "./log-verifier.ts"
import { changedEntries } from "./place-of-change.ts"
import { auditCheckFailed, lostReceipt, rangeText, timeText } from "./problems.ts"
import type { AuditLogPage, VerifiedAudit, VerifyAuditOptions } from "./types.ts"

/** Honest servers sign a new head within a second of an entry. */
const defaultWaitMs = 10_000
const pollMs = 500

export async function verifyLog(session: Session, options: VerifyAuditOptions): Promise<VerifiedAudit> {
  // Those that come from now on, as of this very reading, are for the next time.
  const receipts = await session.receipts.last()
  const { head, memory } = await session.run(options, async (scope) => {
    const newest = await readHead(session, scope)
    return { head: newest, memory: await memoryOf(session, scope, newest) }
  })
  const { floor, receiptsSince } = memory
  const verifier = new LogVerifier(floor, receipts)
  await readTo(session, options, verifier, head)
  verifier.requireSeen()
  const last = await waitForReceipts(session, options, verifier, head, receiptsSince)
  const missing = verifier.missing(receiptsSince)
  if (missing[0] !== undefined) {
    throw lostReceipt(missing[0], missing.length, verifier.size, await placeOf(session, options, missing[0]))
  }
  await session.run(options, async () => remember(session, last, memory, verifier.peaks))
  return {
    origin: last.checkpoint.origin,
    size: last.size,
    rootHash: last.checkpoint.rootHash,
    goesOnFrom: floor && { size: floor.size, seenAt: timeText(floor.seenAt) },
    restored: memory.restored ? { incarnation: head.incarnation, lostReceipts: verifier.missing().length } : undefined,
    receipts: verifier.found,
    uncovered: 0,
  }
}

/** Adds the entries up to a head, and compares the root. Throws `audit_verification_failed`, check "entries". */
async function readTo(
  session: Session,
  options: VerifyAuditOptions,
  verifier: LogVerifier,
  head: SignedHead,
): Promise<void> {
  const page = (after: number | undefined) => pageAfter(session, options, after)
  const total = head.size
  if (verifier.size < total) {
    for await (const entries of readPages(verifier.size === 0 ? undefined : verifier.size - 1, page)) {
      for (const entry of entries) if (verifier.size < total) verifier.add(entry)
      options.onProgress?.({ done: verifier.size, total })
      if (verifier.size >= total) break
    }
  }
  if (verifier.size < total) {
    const { size } = verifier
    const ends = size === 0 ? "is empty" : `ends with entry ${size - 1}`
    throw auditCheckFailed(
      "entries",
      `${rangeText(size, total - 1)} ${total - size === 1 ? "is" : "are"} missing: the log ${ends}, its signed checkpoint covers ${total}`,
      { index: size, size: total },
    )
  }
  if (!equalBytes(verifier.root(), head.rootHash)) throw await changedEntries(session, options, verifier, head, page)
}

async function pageAfter(
  session: Session,
  options: VerifyAuditOptions,
  after: number | undefined,
): Promise<AuditLogPage> {
  return await session.run(options, async (scope) => await readPage(session, scope, {}, { after, limit: 1000 }))
}

/** Goes on to later heads until every receipt has its entry, or the time is over. Returns the last head. */
async function waitForReceipts(
  session: Session,
  options: VerifyAuditOptions,
  verifier: LogVerifier,
  head: SignedHead,
  since: number,
): Promise<SignedHead> {
  const deadline = performance.now() + (options.waitMs ?? defaultWaitMs)
  let last = head
  while (verifier.missing(since).length > 0 && performance.now() < deadline) {
    const newest = await session.run(options, async (scope) => await readHead(session, scope))
    if (newest.checkpoint.origin !== last.checkpoint.origin) break
    if (newest.size > last.size) {
      await readTo(session, options, verifier, newest)
      last = newest
    } else await session.run({ ...options, timeoutMs: 60_000 }, async (scope) => await scope.wait(pollMs))
  }
  return last
}

/** The index of the last entry from before a receipt came; `undefined` where the server does not tell. */
async function placeOf(session: Session, options: VerifyAuditOptions, { time }: Receipt): Promise<number | undefined> {
  try {
    const until = timeText(time + 1)
    const page = await session.run(options, (scope) => readPage(session, scope, { until }, { order: "desc", limit: 1 }))
    return page.entries[0]?.index
  } catch {
    // A nicety beside what is certain.
    return undefined
  }
}
