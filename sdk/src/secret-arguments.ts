/** What callers pass to `Secrets`, checked before anything is sent. No value is part of an error. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { VaultPlaintext } from "@halfkey/core/formats/record"
import { requireSecretName } from "@halfkey/core/formats/secret-name"
import { fromUtf8, utf8 } from "@halfkey/core/primitives/bytes"
import { requireText, requireTexts, wrongType } from "./argument-types.ts"
import type { SetManyOptions } from "./secret.ts"
import { namesPerRequest } from "./vault-answers.ts"
import type { Write } from "./vault-write.ts"

/** Values by name, as an object or a Map: text as UTF-8, or bytes. */
export type SecretEntries = Readonly<Record<string, string | Uint8Array>> | ReadonlyMap<string, string | Uint8Array>

/** Most bytes of a value that any server can be configured to take (S7). */
const valueMaxLength = 1024 * 1024

/** Throws `WrongType` or `invalid_secret_name`. */
export function checkedName(name: unknown): string {
  requireText(name, "name")
  requireSecretName(name)
  return name
}

/** Each name once, in the order given. */
export function checkedNames(names: unknown): string[] {
  requireTexts(names, "names")
  const unique = [...new Set(names)]
  for (const name of unique) requireSecretName(name)
  return unique
}

export function checkedVersion(version: unknown, least: 0 | 1, what: string): number {
  if (typeof version !== "number") throw wrongType(what, "a number", version)
  if (Number.isSafeInteger(version) && version >= least) return version
  throw new HalfkeyError("invalid_argument", `${what} must be an integer of at least ${least}`)
}

/** A moment in milliseconds since 1970. Throws `WrongType`, or `invalid_argument` for text that is no time. */
export function checkedTime(time: unknown): number {
  if (typeof time !== "string" && !(time instanceof Date)) throw wrongType("time", "a Date or a string", time)
  const text = typeof time === "string" ? time : undefined
  // Without a zone, text would mean another moment on each machine.
  const isMeant = text === undefined || /^\d{4}-\d{2}-\d{2}(T[0-9:.]+(Z|[+-]\d{2}:\d{2}))?$/.test(text)
  const milliseconds = isMeant ? new Date(time).getTime() : Number.NaN
  if (!Number.isNaN(milliseconds)) return milliseconds
  throw new HalfkeyError("invalid_argument", "time is no time", { hint: "such as 2027-01-31T12:00:00Z" })
}

/** A copy of the value's bytes, as it is now: the caller may change its own while the write waits. */
export function copiedValue(value: unknown, name: string): VaultPlaintext & { readonly kind: "value" } {
  if (typeof value === "string") {
    // UTF-8 has no bytes for a lone surrogate; TextEncoder would write another character silently.
    if (value.isWellFormed()) return { kind: "value", value: checkedLength(utf8(value), name) }
    throw new HalfkeyError(
      "invalid_argument",
      `the value of ${name} is not well-formed text: it holds half a character`,
      {
        hint: "pass bytes (Uint8Array) for anything that is not text",
      },
    )
  }
  if (value instanceof Uint8Array) return { kind: "value", value: new Uint8Array(checkedLength(value, name)) }
  throw wrongType(`the value of ${name}`, "a string or a Uint8Array", value)
}

function checkedLength(bytes: Uint8Array, name: string): Uint8Array {
  if (bytes.length <= valueMaxLength) return bytes
  throw valueTooLarge(name, bytes.length, valueMaxLength)
}

export function valueTooLarge(name: string, length: number, limit: number): HalfkeyError {
  return new HalfkeyError("value_too_large", `the value of ${name} has ${length} bytes, at most ${limit} are allowed`, {
    hint: "keep large files elsewhere, encrypted, and only their key here",
    facts: { name, length, limit },
  })
}

/** Writes in the order given, then deletions. Throws `WrongType`, `invalid_argument` and `invalid_secret_name`. */
export function writesOf(entries: SecretEntries, options: SetManyOptions): Write[] {
  if (typeof entries !== "object" || entries === null) throw wrongType("entries", "an object or a Map", entries)
  const list = entries instanceof Map ? [...entries] : Object.entries(entries)
  const deletions = options.delete === undefined ? [] : checkedNames(options.delete)
  requireOneRequest(list.length + deletions.length)
  const conditions = new Map(Object.entries(options.ifVersions ?? {}))
  const conditionOf = (name: string, least: 0 | 1) => {
    const ifVersion = conditions.get(name)
    conditions.delete(name)
    return ifVersion === undefined ? undefined : checkedVersion(ifVersion, least, `ifVersions of ${name}`)
  }
  const writes: Write[] = list.map(([name, value]) => {
    const checked = checkedName(name)
    return { name: checked, plaintext: copiedValue(value, checked), ifVersion: conditionOf(checked, 0) }
  })
  const written = new Set(writes.map(({ name }) => name))
  for (const name of deletions) {
    if (written.has(name)) throw new HalfkeyError("invalid_argument", `${name} is both written and deleted`)
    writes.push({ name, plaintext: { kind: "tombstone" }, ifVersion: conditionOf(name, 1) })
  }
  if (conditions.size === 0) return writes
  throw new HalfkeyError("invalid_argument", "ifVersions names secrets that are not written", {
    facts: { names: [...conditions.keys()] },
  })
}

function requireOneRequest(count: number): void {
  if (count <= namesPerRequest) return
  throw new HalfkeyError("invalid_argument", `${count} secrets in one write, at most ${namesPerRequest} are allowed`, {
    hint: "all of them are written or none is, so one write has a limit: split it into several",
  })
}

/** The text of a value. Throws `lossy_format` for bytes that are no text. */
export function textOf(value: Uint8Array, name: string): string {
  try {
    return fromUtf8(value)
  } catch {
    throw new HalfkeyError("lossy_format", `the value of ${name} is not text: its bytes are not UTF-8`, {
      hint: `use getBytes("${name}")`,
      facts: { name },
    })
  }
}
