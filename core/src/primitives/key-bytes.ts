/** Key material as a type that prints as `[redacted]` in every way that Node prints things. */

const inspect = Symbol.for("nodejs.util.inspect.custom")

/** Holds secret bytes. `expose()` is the one way out, so a reader can find every use. */
export class KeyBytes {
  readonly #bytes: Uint8Array

  /** Takes ownership of `bytes`: the caller must not keep or change them. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get length(): number {
    return this.#bytes.length
  }

  /** The bytes themselves, not a copy: do not keep them. */
  expose(): Uint8Array {
    return this.#bytes
  }

  /** Overwrites the bytes with zeros. The object is useless afterwards. */
  destroy(): void {
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
