/** Reads JSON that a server sent. Nothing in it is trusted: whatever does not fit is `invalid_response`, never a `TypeError`. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { fromBase64Url } from "@halfkey/core/primitives/bytes"

export class AnswerReader {
  readonly #value: unknown
  readonly #path: string

  constructor(value: unknown, path: string) {
    this.#value = value
    this.#path = path
  }

  /** Parses a body. The parser's own error quotes the text, so it is left behind. */
  static parse(body: string, path: string): AnswerReader {
    try {
      return new AnswerReader(JSON.parse(body), path)
    } catch {
      throw malformedAnswer(path, "JSON")
    }
  }

  /** The value as it is, for the strict readers of signed documents. */
  get raw(): unknown {
    return this.#value
  }

  /** Whether there is a value other than `null`. */
  get present(): boolean {
    return this.#value !== undefined && this.#value !== null
  }

  /** A field of an object; it may be absent. */
  field(name: string): AnswerReader {
    const object = this.object()
    return new AnswerReader(Object.hasOwn(object, name) ? object[name] : undefined, `${this.#path}.${name}`)
  }

  object(): Readonly<Record<string, unknown>> {
    if (typeof this.#value !== "object" || this.#value === null || Array.isArray(this.#value)) {
      throw malformedAnswer(this.#path, "an object")
    }
    return this.#value as Readonly<Record<string, unknown>>
  }

  list(): AnswerReader[] {
    if (!Array.isArray(this.#value)) throw malformedAnswer(this.#path, "a list")
    return this.#value.map((item, index) => new AnswerReader(item, `${this.#path}[${index}]`))
  }

  text(maxLength = 10_000): string {
    if (typeof this.#value !== "string" || this.#value.length > maxLength) {
      throw malformedAnswer(this.#path, `text of at most ${maxLength} characters`)
    }
    return this.#value
  }

  /** Text that people will see: without characters that move a cursor or change what is read. */
  shown(maxLength: number): string {
    const text = this.text(maxLength)
    if (/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(text)) throw malformedAnswer(this.#path, "visible text")
    return text
  }

  textOrNull(): string | null {
    return this.#value === null ? null : this.text()
  }

  oneOf<const T extends string>(...allowed: readonly T[]): T {
    const found = allowed.find((each) => each === this.#value)
    if (found === undefined) throw malformedAnswer(this.#path, `one of ${allowed.join(", ")}`)
    return found
  }

  integer(minimum: number): number {
    if (typeof this.#value !== "number" || !Number.isSafeInteger(this.#value) || this.#value < minimum) {
      throw malformedAnswer(this.#path, `an integer of at least ${minimum}`)
    }
    return this.#value
  }

  flag(): boolean {
    if (typeof this.#value !== "boolean") throw malformedAnswer(this.#path, "true or false")
    return this.#value
  }

  /** RFC 3339, UTC. */
  time(): string {
    const text = this.text(40)
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(text)) throw malformedAnswer(this.#path, "a time in UTC")
    return text
  }

  timeOrNull(): string | null {
    return this.#value === null ? null : this.time()
  }

  /** Canonical base64url; exactly `length` bytes where a length is given. */
  bytes(length?: number): Uint8Array {
    const bytes = typeof this.#value === "string" ? fromBase64Url(this.#value) : undefined
    if (bytes === undefined || (length !== undefined && bytes.length !== length)) {
      throw malformedAnswer(this.#path, `${length ?? "some"} bytes as base64url`)
    }
    return bytes
  }

  uuid(): string {
    const text = this.text(36)
    if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) {
      throw malformedAnswer(this.#path, "a lower-case UUID")
    }
    return text
  }
}

export function malformedAnswer(path: string, expected: string): HalfkeyError {
  return invalidResponse(`${path} should be ${expected}`)
}

/** An answer that is well-formed but is not an answer to what was asked. */
export function invalidResponse(why: string): HalfkeyError {
  return new HalfkeyError("invalid_response", `the server's answer is not usable: ${why}`, {
    hint: "check that CS_ENDPOINT is a halfkey server; `halfkey doctor` shows its version",
  })
}
