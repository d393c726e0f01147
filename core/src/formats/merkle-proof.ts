/** Inclusion and consistency proofs of RFC 6962 (sections 2.1.1 and 2.1.2), checked as RFC 9162 says (2.1.3.2, 2.1.4.2). */
import { equalBytes } from "../primitives/hash.ts"
import { emptyTreeHash, nodeHash, splitPoint, treeHashLength } from "./merkle-tree.ts"

/**
 * Gives the root of a perfect subtree: of the leaves from `index · 2^level` on, `2^level` many, all of which are in the tree.
 * A proof asks for at most two hashes for each level.
 */
export type NodeSource = (level: number, index: number) => Uint8Array

/** Most hashes that a proof of a tree of up to 2^53 leaves can have. */
export const proofMaxLength = 54

/** The hashes that lead from leaf `index` to the root of the tree of `size` leaves. Throws `RangeError` for others. */
export function inclusionProof(index: number, size: number, source: NodeSource): Uint8Array[] {
  if (!isSize(index) || !isSize(size) || index >= size) throw new RangeError("no such leaf in a tree of this size")
  const proof: Uint8Array[] = []
  let [begin, end] = [0, size]
  while (end - begin > 1) {
    const middle = begin + splitPoint(end - begin)
    if (index < middle) {
      proof.push(rangeHash(middle, end, source))
      end = middle
    } else {
      proof.push(rangeHash(begin, middle, source))
      begin = middle
    }
  }
  return proof.reverse()
}

/** The hashes that show that the first `from` leaves of the tree of `to` leaves are the tree of `from`. */
export function consistencyProof(from: number, to: number, source: NodeSource): Uint8Array[] {
  if (!isSize(from) || !isSize(to) || from > to) throw new RangeError("a tree does not shrink")
  if (from === 0 || from === to) return []
  const proof: Uint8Array[] = []
  let [begin, end] = [0, to]
  while (end !== from) {
    const middle = begin + splitPoint(end - begin)
    if (from <= middle) {
      proof.push(rangeHash(middle, end, source))
      end = middle
    } else {
      proof.push(rangeHash(begin, middle, source))
      begin = middle
    }
  }
  // What is left is a subtree of the old tree; when that is the old tree itself, the verifier knows its root.
  if (begin > 0) proof.push(rangeHash(begin, end, source))
  return proof.reverse()
}

/** `MTH(D[begin:end])`, for a `begin` at which RFC 6962 splits the tree. */
function rangeHash(begin: number, end: number, source: NodeSource): Uint8Array {
  const size = end - begin
  const split = size === 1 ? 1 : splitPoint(size)
  if (size === 1) return source(0, begin)
  if (split * 2 === size) return source(Math.log2(size), begin / size)
  return nodeHash(rangeHash(begin, begin + split, source), rangeHash(begin + split, end, source))
}

/** Whether the proof leads from a leaf hash at `index` to the root of the tree of `size` leaves. */
export function isIncluded(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!isSize(index) || !isSize(size) || index >= size || !areHashes(leaf, root, ...proof)) return false
  let [at, last] = [index, size - 1]
  let hash = leaf
  for (const sibling of proof) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(sibling, hash)
      ;[at, last] = skipMissingSiblings(at, last)
    } else {
      hash = nodeHash(hash, sibling)
    }
    ;[at, last] = [half(at), half(last)]
  }
  return last === 0 && equalBytes(hash, root)
}

/** Whether the proof shows that the tree of `from` leaves is the beginning of the tree of `to` leaves. */
export function isConsistent(
  from: number,
  to: number,
  fromRoot: Uint8Array,
  toRoot: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (!isSize(from) || !isSize(to) || from > to || !areHashes(fromRoot, toRoot, ...proof)) return false
  if (from === to) return proof.length === 0 && equalBytes(fromRoot, toRoot)
  if (from === 0) return proof.length === 0 && equalBytes(fromRoot, emptyTreeHash)
  let [at, last] = [from - 1, to - 1]
  while (at % 2 === 1) [at, last] = [half(at), half(last)]
  // at = 0: the old tree is one perfect subtree, and the proof leaves out its root.
  const [first, ...rest] = at === 0 ? [fromRoot, ...proof] : proof
  if (first === undefined) return false
  let [fromHash, toHash] = [first, first]
  for (const sibling of rest) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      fromHash = nodeHash(sibling, fromHash)
      toHash = nodeHash(sibling, toHash)
      ;[at, last] = skipMissingSiblings(at, last)
    } else {
      toHash = nodeHash(toHash, sibling)
    }
    ;[at, last] = [half(at), half(last)]
  }
  return last === 0 && equalBytes(fromHash, fromRoot) && equalBytes(toHash, toRoot)
}

/** Climbs from a node that ends its level, as long as it has no sibling on the left: such levels add no hash. */
function skipMissingSiblings(at: number, last: number): [number, number] {
  while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)]
  return [at, last]
}

const half = (value: number): number => Math.floor(value / 2)
const isSize = (value: number): boolean => Number.isSafeInteger(value) && value >= 0
const areHashes = (...hashes: readonly Uint8Array[]): boolean => hashes.every(({ length }) => length === treeHashLength)
