/** Key material as a type that prints as `[redacted]` in every way that Node prints things. */

const inspect = Symbol.for("nodejs.util.inspect.custom")

/** Holds secret bytes. `expose()` is the one way out, so a reader can find every use. */
export class KeyBytes {
  readonly #bytes: Uint8Array
  #destroyed = false

  /** Takes ownership of `bytes`: the caller must not keep or change them. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get length(): number {
    return this.#bytes.length
  }

  /** The bytes themselves, not a copy: do not keep them. Throws after `destroy`: zeros are a key that everybody knows. */
  expose(): Uint8Array {
    if (this.#destroyed) throw new Error("key bytes were used after they were destroyed")
    return this.#bytes
  }

  /** Overwrites the bytes with zeros. */
  destroy(): void {
    this.#destroyed = true
    this.#bytes.fill(0)
  }

  toString(): string {
    return "[redacted]"
  }

  toJSON(): string {
    return "[redacted]"
  }

  [inspect](): string {
    return "[redacted]"
  }
}
