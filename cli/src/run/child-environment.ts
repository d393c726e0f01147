/** The variables of the program that `halfkey run` starts. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { fromUtf8 } from "@halfkey/core/primitives/bytes"
import type { Environment } from "../context.ts"
import { isVariableName } from "../output/shell-quote.ts"
import { dangerOf } from "./dangerous-names.ts"

/** What opened the secrets must not reach the program that gets them: it would then hold the keys to all others too. */
const ownCredentials: ReadonlySet<string> = new Set([
  "CS_WORKSPACE_CRN",
  "CS_CLIENT_ID",
  "CS_CLIENT_KEY",
  "CS_CLIENT_ACCESS_KEY",
  "CS_ENDPOINT",
  // A server's own: its root key, and an address that may hold a password.
  "HALFKEY_ROOT_KEY",
  "HALFKEY_NEW_ROOT_KEY",
  "HALFKEY_DATABASE_URL",
])

export interface NamedValue {
  readonly name: string
  readonly value: Uint8Array
}

export interface ChildEnvironment {
  readonly variables: Record<string, string>
  /** Secrets whose names no variable can have. */
  readonly leftOut: readonly string[]
}

/**
 * Inherited variables with the secrets over them: a secret wins. Throws for dangerous names that are not in `allowed`,
 * and for values that no variable can hold; then nothing is started. Variables' names begin with `prefix`: what counts is
 * the whole name.
 */
export function childEnvironment(
  inherited: Environment,
  secrets: readonly NamedValue[],
  allowed: ReadonlySet<string>,
  prefix = "",
): ChildEnvironment {
  // A Map, since an assignment to the name __proto__ would be lost.
  const variables = new Map<string, string>()
  for (const [name, value] of Object.entries(inherited)) {
    if (value !== undefined && !ownCredentials.has(name)) variables.set(name, value)
  }
  const leftOut: string[] = []
  const refused: string[] = []
  for (const { name, value } of secrets) {
    const variable = `${prefix}${name}`
    const effect = allowed.has(variable) ? undefined : dangerOf(variable)
    if (!isVariableName(variable)) leftOut.push(name)
    else if (effect !== undefined) refused.push(`${variable} ${effect}`)
    else variables.set(variable, textOf(name, value))
  }
  if (refused.length > 0) throw dangerous(refused)
  return { variables: Object.fromEntries(variables), leftOut }
}

function textOf(name: string, value: Uint8Array): string {
  if (value.includes(0)) throw unholdable(name, "it holds a NUL byte")
  try {
    return fromUtf8(value)
  } catch {
    throw unholdable(name, "it is no UTF-8 text")
  }
}

function unholdable(name: string, why: string): HalfkeyError {
  return new HalfkeyError("lossy_format", `a variable cannot hold the value of ${name}: ${why}`, {
    hint: `store it as text (base64, for instance), or leave it out (--except ${name}) and let the program read it: halfkey get ${name}`,
  })
}

function dangerous(refused: readonly string[]): HalfkeyError {
  const names = refused.map((text) => text.slice(0, text.indexOf(" ")))
  return new HalfkeyError(
    "invalid_argument",
    `nothing was started: a secret's name changes how programs load (${refused.join("; ")})`,
    { hint: `if that is meant: ${names.map((name) => `--allow-name ${name}`).join(" ")}` },
  )
}
