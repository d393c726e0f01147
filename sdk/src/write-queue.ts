/** Writes of one process to one name, one after the other, in the order they were called: they need not fight for versions. */
export class WriteQueue {
  readonly #tails = new Map<string, Promise<void>>()

  /** Runs `work` when earlier work on all these keys is done. Entering is one step, so that no two can wait for each other. */
  async run<T>(
    keys: readonly string[],
    wait: (turn: Promise<unknown>) => Promise<unknown>,
    work: () => Promise<T>,
  ): Promise<T> {
    const before = Promise.all(keys.map((key) => this.#tails.get(key)))
    let leave: () => void = () => undefined
    const left = new Promise<void>((resolve) => {
      leave = resolve
    })
    // Who gives up while waiting must not let the next one overtake those before.
    const tail = before.then(() => left)
    for (const key of keys) this.#tails.set(key, tail)
    void tail.then(() => {
      for (const key of keys) if (this.#tails.get(key) === tail) this.#tails.delete(key)
    })
    try {
      await wait(before)
      return await work()
    } finally {
      leave()
    }
  }
}
