/** Random choices from a seed, so that a failing run can be told: the moments of a crash are the machine's all the same. */

/** HALFKEY_CRASH_SEED, or a new one for each run. */
export const seed = Number(process.env["HALFKEY_CRASH_SEED"] ?? Math.floor(Math.random() * 2 ** 32)) >>> 0

export class Chance {
  #state: number

  constructor(from: number) {
    this.#state = from >>> 0
  }

  /** At least 0 and below 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  happens(probability: number): boolean {
    return this.next() < probability
  }

  /** A whole number, both ends included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  /** Small ones are as likely as large ones: every decade gets its share. */
  spread(least: number, most: number): number {
    return least * (most / least) ** this.next()
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[this.between(0, from.length - 1)]
    if (picked === undefined) throw new RangeError("nothing to pick from")
    return picked
  }

  /** Different ones, in a random order. */
  several<T>(count: number, from: readonly T[]): T[] {
    const left = [...from]
    return Array.from({ length: Math.min(count, left.length) }, () => {
      const [taken] = left.splice(this.between(0, left.length - 1), 1)
      return taken as T
    })
  }
}
