/**
 * Recomputes the tree of a log from its entries, one after the other, in little memory (S12): the tree's peaks, and a
 * snapshot of them now and then, from which the place of a change can be narrowed down.
 */
import { GrowingTree, leafHashOfText } from "@halfkey/core/formats/merkle-tree"
import { toBase64Url } from "@halfkey/core/primitives/bytes"
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
  readonly #seen: readonly SeenPoint[]
  /** The first range whose entries are not what was seen before. */
  #changed: { readonly first: number; readonly last: number } | undefined
  #found = 0

  /** `floor`: the last head that was seen of this log. */
  constructor(floor: AuditFloor | undefined, receipts: readonly Receipt[]) {
    this.#floor = floor
    this.#seen = floor === undefined ? [] : pointsOf(floor)
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
    if (this.#seen.length > 0) this.#compareWithSeen(size)
  }

  /** Throws `audit_verification_failed`, check "freshness", when this is not the log that was seen before, or less of it. */
  requireSeen(): void {
    if (this.#floor !== undefined && this.size < this.#floor.size) throw shrunkLog(this.#floor, this.size)
    this.requireUnchanged()
  }

  /** Only as far as the entries go. */
  requireUnchanged(): void {
    if (this.#floor !== undefined && this.#changed !== undefined) throw anotherLog(this.#floor, this.#changed)
  }

  #compareWithSeen(size: number): void {
    if (this.#changed !== undefined) return
    const at = this.#seen.findIndex(({ end }) => end === size)
    const point = this.#seen[at]
    if (point === undefined) return
    const own = point.of === "root" ? this.#tree.root() : (this.#tree.peaks.at(-1) ?? this.#tree.root())
    if (toBase64Url(own) !== point.hash) this.#changed = { first: this.#seen[at - 1]?.end ?? 0, last: size - 1 }
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

/** A hash that is known of the log as it was seen. */
interface SeenPoint {
  /** Number of entries up to it. */
  readonly end: number
  /** Of the whole tree of that size, or of the perfect subtree that ends there. */
  readonly of: "root" | "peak"
  readonly hash: string
}

/** In the order of their ends. Peaks of a smaller tree stand where the tree of that size has its last peak, too. */
function pointsOf({ read, rootHash, size }: AuditFloor): SeenPoint[] {
  const points: SeenPoint[] = []
  let end = 0
  for (const hash of read?.peaks ?? []) {
    end += largestPowerOfTwo((read?.size ?? 0) - end)
    points.push({ end, of: "peak", hash })
  }
  const known = end === (read?.size ?? 0) ? points.filter((point) => point.end < size) : []
  return size === 0 ? [] : [...known, { end: size, of: "root", hash: rootHash }]
}

function largestPowerOfTwo(size: number): number {
  let power = 1
  while (power * 2 <= size) power *= 2
  return power
}
