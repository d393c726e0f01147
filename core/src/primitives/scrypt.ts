/** scrypt (RFC 7914): a hash that is slow and takes memory on purpose, where only a few characters of it are compared. */
import { scryptSync } from "node:crypto"
import { plainBytes } from "./bytes.ts"

export interface ScryptCost {
  /** CPU and memory cost, a power of two. */
  readonly N: number
  /** Block size. */
  readonly r: number
  /** Parallelization. */
  readonly p: number
}

/** `length` bytes. Takes about 128 · N · r bytes of memory while it runs, and blocks the thread. */
export function scrypt(password: Uint8Array, salt: Uint8Array, cost: ScryptCost, length: number): Uint8Array {
  const { N, r, p } = cost
  // Node refuses what takes 32 MiB or more unless it is told.
  return plainBytes(scryptSync(password, salt, length, { N, r, p, maxmem: 256 * N * r + 1024 * r * p }))
}
