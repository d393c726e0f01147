/** Randomness for identifiers: one call to the system serves many. Never for keys: what is given out stays in the pool. */
import type { RandomSource } from "@halfkey/core/primitives/random"

const poolLength = 4096

export function pooledRandom(random: RandomSource): RandomSource {
  let pool = new Uint8Array(0)
  return (length) => {
    if (length > poolLength) return random(length)
    if (pool.length < length) pool = new Uint8Array(random(poolLength))
    const taken = pool.slice(0, length)
    pool = pool.subarray(length)
    return taken
  }
}
