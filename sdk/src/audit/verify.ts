/** `audit.verify`: reads the whole log of a server and checks all that can be checked (S12). */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { isIncluded } from "@halfkey/core/formats/merkle-proof"
import { leafHashOfText } from "@halfkey/core/formats/merkle-tree"
import { fromBase64Url, toBase64Url } from "@halfkey/core/primitives/bytes"
import { equalBytes } from "@halfkey/core/primitives/hash"
import type { CallScope } from "../call-scope.ts"
import type { Session } from "../session.ts"
import type { AuditFloor, Receipt } from "../stores.ts"
import { memoryOf, readHead, remember, requireGoesOn, type SignedHead } from "./checkpoints.ts"
import { readPage, readPages } from "./entries.ts"
import { LogVerifier } from "./log-verifier.ts"
import { changedEntries } from "./place-of-change.ts"
import { auditCheckFailed, lostReceipt, rangeText, timeText } from "./problems.ts"
import type { AuditArchive, AuditLogEntry, AuditLogPage, VerifiedAudit, VerifyAuditOptions } from "./types.ts"

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
  if (verifier.archived > 0) await askForArchived(session, options, verifier, head, floor)
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
    notCompared: undefined,
    restored: memory.restored ? { incarnation: head.incarnation, lostReceipts: verifier.missing().length } : undefined,
    receipts: verifier.found,
    archived: verifier.archived,
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
    for await (const { archived, entries } of readPages(verifier.size === 0 ? undefined : verifier.size - 1, page)) {
      if (verifier.size === 0) await skipArchived(session, options, verifier, archived, entries)
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

/**
 * Where the log begins with entries in archive files: these are read, or else the proof of the first entry behind them
 * tells the peaks of their tree.
 */
async function skipArchived(
  session: Session,
  options: VerifyAuditOptions,
  verifier: LogVerifier,
  archived: readonly AuditArchive[],
  [first]: readonly AuditLogEntry[],
): Promise<void> {
  let size = 0
  for (const archive of archived) if (archive.first === size) size = archive.last + 1
  if (size === 0 || first?.index !== size) return
  if (options.archives !== undefined) {
    for await (const entry of options.archives) if (verifier.size < size) verifier.add(entry)
    if (verifier.size === size) return
    throw auditCheckFailed(
      "entries",
      `${rangeText(verifier.size, size - 1)} ${size - verifier.size === 1 ? "is" : "are"} missing: the archives that were given end before, and the log of the server begins with entry ${size}`,
      { index: verifier.size },
    )
  }
  const leaf = leafHashOfText(first.entry)
  const proof = await session.run(options, (scope) => inclusion(session, scope, toBase64Url(leaf), size + 1))
  verifier.beginAt(size, proof.hashes.toReversed())
}

/** What lies in archive files is asked for: the last head seen, and receipts. */
async function askForArchived(
  session: Session,
  options: VerifyAuditOptions,
  verifier: LogVerifier,
  head: SignedHead,
  floor: AuditFloor | undefined,
): Promise<void> {
  if (floor !== undefined) await session.run(options, (scope) => requireGoesOn(session, scope, floor, head))
  for (const receipt of verifier.missing()) {
    const leaf = fromBase64Url(receipt.leafHash) ?? new Uint8Array(0)
    try {
      const found = await session.run(options, (scope) => inclusion(session, scope, receipt.leafHash, head.size))
      if (isIncluded(leaf, found.index, head.size, found.hashes, head.rootHash)) verifier.find(receipt)
    } catch (error) {
      if (!(error instanceof HalfkeyError) || error.code !== "audit_entry_not_found") throw error
    }
  }
}

async function inclusion(session: Session, scope: CallScope, leaf: string, size: number) {
  const answer = await session.api.call(scope, {
    method: "GET",
    path: "/v1/audit/proof",
    query: { leaf, size },
    repetition: "repeatable",
    keepsReceipt: false,
  })
  const hashes = answer.field("hashes").list()
  return { index: answer.field("index").integer(0), hashes: hashes.map((hash) => hash.bytes(32)) }
}

async function pageAfter(
  session: Session,
  options: VerifyAuditOptions,
  after: number | undefined,
): Promise<AuditLogPage> {
  return await session.run(
    options,
    async (scope) => await readPage(session, scope, {}, { after, limit: 1000, keepsReceipt: false }),
  )
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
