/** A cache with a bound: what was not used for a while is forgotten. */

/**
 * Two generations of a map: when the young one is full it becomes the old one, and what is found in the old one moves
 * back. A hit costs one look-up, and never more than twice `capacity` is held. `weigh` defaults to 1 for each entry.
 */
export class RecentMap<Key, Value> {
  readonly #capacity: number
  readonly #weigh: (value: Value) => number
  #young = new Map<Key, Value>()
  #old = new Map<Key, Value>()
  #weight = 0

  constructor(capacity: number, weigh: (value: Value) => number = () => 1) {
    this.#capacity = capacity
    this.#weigh = weigh
  }

  get(key: Key): Value | undefined {
    const found = this.#young.get(key)
    if (found !== undefined) return found
    const older = this.#old.get(key)
    if (older !== undefined) this.set(key, older)
    return older
  }

  set(key: Key, value: Value): void {
    this.#weight += this.#weigh(value)
    if (this.#weight > this.#capacity) {
      this.#old = this.#young
      this.#young = new Map()
      this.#weight = this.#weigh(value)
    }
    this.#young.set(key, value)
  }

  /** All that is held, some of it twice. */
  *values(): Iterable<Value> {
    yield* this.#old.values()
    yield* this.#young.values()
  }

  clear(): void {
    this.#young = new Map()
    this.#old = new Map()
    this.#weight = 0
  }

  delete(key: Key): void {
    const found = this.#young.get(key)
    if (found !== undefined) this.#weight -= this.#weigh(found)
    this.#young.delete(key)
    this.#old.delete(key)
  }
}
