/** Names of environments and tenants' key sets, and labels of clients. */
import { HalfkeyError } from "./errors.ts"

import { isKeysetId } from "./ids.ts"

/** The environments of a new workspace. */
export const defaultEnvironments = ["production", "staging", "development"] as const

const namePattern = /^[a-z0-9][a-z0-9._-]{0,62}$/

export function isKeysetName(name: string): boolean {
  // A UUID would be taken for a key set's id.
  return namePattern.test(name) && !isKeysetId(name)
}

/** Throws `invalid_argument` for a name that no key set may have. */
export function requireKeysetName(name: string): void {
  if (isKeysetName(name)) return
  throw new HalfkeyError(
    "invalid_argument",
    "not an environment name: 1 to 63 of a-z, 0-9 and . _ -, starting with a letter or digit",
    {
      hint: "use a name such as production or eu-staging",
    },
  )
}

/** Most characters of a label of a client or an API key. */
export const labelMaxLength = 100

/** A label is shown to people who decide about access: no control or invisible characters, no edge spaces. */
export function isLabel(label: string): boolean {
  if (label.length < 1 || label.length > labelMaxLength || label.trim() !== label) return false
  // Most labels are ASCII, and compiling the classes of all of Unicode takes longer than opening an environment.
  return /^[ -~]+$/.test(label) || !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(label)
}

/** Throws `invalid_argument` for a label that is empty, too long or holds control characters. */
export function requireLabel(label: string): void {
  if (isLabel(label)) return
  throw new HalfkeyError(
    "invalid_argument",
    `not a label: 1 to ${labelMaxLength} visible characters, no spaces at the ends`,
    {
      hint: "use a label such as api-server or ci",
    },
  )
}
