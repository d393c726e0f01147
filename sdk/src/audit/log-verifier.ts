/**
 * Recomputes the tree of a log from its entries, one after the other, in little memory (S12): the tree's peaks, and a
 * snapshot of them now and then, from which the place of a change can be narrowed down.
 */
import { GrowingTree, leafHashOfText } from "@halfkey/core/formats/merkle-tree"
import { fromBase64Url, toBase64Url } from "@halfkey/core/primitives/bytes"
import type { AuditFloor, Receipt } from "../stores.ts"
import { anotherLog, auditCheckFailed, rangeText, shrunkLog } from "./problems.ts"
import type { AuditLogEntry } from "./types.ts"

/** Entries from one snapshot to the next: few enough to read again, many enough to keep little. */
const snapshotEvery = 4096

export class LogVerifier {
  #tree = new GrowingTree()
  #archived = 0
  #snapshots: GrowingTree[] = [new GrowingTree()]
  readonly #floor: AuditFloor | undefined
  /** Of receipts that no entry was found for yet, by leaf hash. */
  readonly #missing = new Map<string, Receipt>()
  readonly #seenPeaks: readonly { readonly end: number; readonly hash: string }[]
  /** The first range whose entries are not what was seen before. */
  #changed: { readonly first: number; readonly last: number } | undefined
  #found = 0

  /** `floor`: the last head that was seen of this log. */
  constructor(floor: AuditFloor | undefined, receipts: readonly Receipt[]) {
    this.#floor = floor
    this.#seenPeaks = floor === undefined ? [] : peaksOf(floor)
    for (const receipt of receipts) this.#missing.set(receipt.leafHash, receipt)
  }

  get size(): number {
    return this.#tree.size
  }

  root(): Uint8Array {
    return this.#tree.root()
  }

  get peaks(): readonly Uint8Array[] {
    return this.#tree.peaks
  }

  /** Trees at which the log was cut, smallest first, from the empty one on. */
  get snapshots(): readonly GrowingTree[] {
    return this.#snapshots
  }

  /** Receipts whose entries were found. */
  get found(): number {
    return this.#found
  }

  /** Receipts from `since` on whose entries were not found yet, oldest first. */
  missing(since = 0): Receipt[] {
    const missing = [...this.#missing.values()].filter(({ time }) => time >= since)
    return missing.sort((left, right) => left.time - right.time)
  }

  /** How many entries were not read. */
  get archived(): number {
    return this.#archived
  }

  /**
   * Begins behind entries that are in archive files, with the peaks of their tree. Whether these are right shows in the
   * root at the end. What was seen before cannot be compared on the way then.
   */
  beginAt(size: number, peaks: readonly Uint8Array[]): void {
    this.#archived = size
    this.#tree = new GrowingTree(size, peaks)
    this.#snapshots = [new GrowingTree(size, peaks)]
  }

  /** Counts a receipt whose entry was found in another way. */
  find({ leafHash }: Receipt): void {
    if (this.#missing.delete(leafHash)) this.#found++
  }

  /** Throws `audit_verification_failed`, check "entries", for an entry that is not the next one. */
  add({ entry, index }: AuditLogEntry): void {
    requireNext(index, this.#tree.size)
    const leaf = leafHashOfText(entry)
    this.#tree.append(leaf)
    if (this.#missing.size > 0 && this.#missing.delete(toBase64Url(leaf))) this.#found++
    const { size } = this.#tree
    if (size % snapshotEvery === 0) this.#snapshots.push(new GrowingTree(size, this.#tree.peaks))
    if (this.#seenPeaks.length > 0) this.#compareWithSeen(size)
  }

  /**
   * After the last entry of the head. Throws `audit_verification_failed`, check "freshness", when this is not the log that
   * was seen before.
   */
  requireSeen(): void {
    const floor = this.#floor
    if (floor === undefined) return
    if (this.size < floor.size) throw shrunkLog(floor, this.size)
    if (this.#changed !== undefined) throw anotherLog(floor, this.#changed)
  }

  /** At the ends of the perfect subtrees of what was seen, and at its end. */
  #compareWithSeen(size: number): void {
    if (this.#changed !== undefined || this.#floor === undefined) return
    const at = this.#seenPeaks.findIndex(({ end }) => end === size)
    if (at < 0) return
    const first = this.#seenPeaks[at - 1]?.end ?? 0
    const seen = this.#seenPeaks[at]?.hash
    // Up to here all peaks are those of the smaller tree too: the last one is the subtree that ends here.
    const own = this.#seenPeaks.length === 1 ? this.#tree.root() : this.#tree.peaks.at(-1)
    if (own === undefined || toBase64Url(own) !== seen) this.#changed = { first, last: size - 1 }
  }
}

/** Throws where an entry is not the one that comes next. */
function requireNext(index: number, expected: number): void {
  if (index === expected) return
  const before = expected === 0 ? "the log" : `entry ${expected - 1}`
  const what =
    index > expected
      ? `${rangeText(expected, index - 1)} ${index - expected === 1 ? "is" : "are"} missing: ${before} ${expected === 0 ? "begins with" : "is followed by"} entry ${index}`
      : `entry ${index} comes after entry ${expected - 1}`
  throw auditCheckFailed("entries", what, { index: Math.min(index, expected) })
}

/** Where the perfect subtrees of a seen tree end, with their roots; the whole tree as one where they are not known. */
function peaksOf({ peaks, rootHash, size }: AuditFloor): { end: number; hash: string }[] {
  if (size === 0) return []
  if (peaks === undefined || !isTreeOf(peaks, size, rootHash)) return [{ end: size, hash: rootHash }]
  let end = 0
  return peaks.map((hash) => {
    end += largestPowerOfTwo(size - end)
    return { end, hash }
  })
}

function isTreeOf(peaks: readonly string[], size: number, rootHash: string): boolean {
  const hashes = peaks.map((hash) => fromBase64Url(hash))
  if (hashes.some((hash) => hash?.length !== 32)) return false
  try {
    return toBase64Url(new GrowingTree(size, hashes as Uint8Array[]).root()) === rootHash
  } catch {
    return false
  }
}

function largestPowerOfTwo(size: number): number {
  let power = 1
  while (power * 2 <= size) power *= 2
  return power
}
