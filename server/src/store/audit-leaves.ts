/**
 * Finding a leaf by its hash, as a proof needs it (S12). 65,536 entries in a row are a run, with 256 buckets by the first
 * byte of the hash: a look-up reads one bucket of each run, and what is in no run yet. An index over whole hashes would
 * be written at a random place for each entry.
 */
import { treeHashLength } from "@halfkey/core/formats/merkle-tree"
import { tileWidth } from "../domain/audit/tiles.ts"

/** Blocks of a run. */
export const runBlocks = 256
const buckets = 256

/** Of a leaf, in its bucket: bytes 1 to 5 of its hash, then its place in the run, 16 bits, the low byte first. */
const hashBytes = 4
const recordLength = hashBytes + 2

/** The buckets of a run from its tiles of level 0. */
export function bucketsOf(tiles: readonly Uint8Array[]): Uint8Array[] {
  const counts = new Uint32Array(buckets)
  for (const hashes of tiles) {
    for (let at = 0; at < hashes.length; at += treeHashLength) (counts[hashes[at] as number] as number)++
  }
  const records = Array.from(counts, (count) => new Uint8Array(count * recordLength))
  const ends = new Uint32Array(buckets)
  for (const [block, hashes] of tiles.entries()) {
    for (let place = 0; place < tileWidth; place++) {
      const at = place * treeHashLength
      const number = hashes[at] as number
      const end = ends[number] as number
      const bucket = records[number] as Uint8Array
      bucket.set(hashes.subarray(at + 1, at + 1 + hashBytes), end)
      bucket[end + hashBytes] = place
      bucket[end + hashBytes + 1] = block
      ends[number] = end + recordLength
    }
  }
  return records
}

/** Where in the run a leaf of this hash may be. */
export function placesIn(bucket: Uint8Array, leafHash: Uint8Array): number[] {
  const places: number[] = []
  for (let at = 0; at < bucket.length; at += recordLength) {
    let same = 0
    while (same < hashBytes && bucket[at + same] === leafHash[same + 1]) same++
    if (same < hashBytes) continue
    const [place = 0, block = 0] = bucket.subarray(at + hashBytes, at + recordLength)
    places.push(block * tileWidth + place)
  }
  return places
}
