/** Which secrets of which environments `halfkey run` gives to the program. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { usageError } from "../failure.ts"

export interface Choice {
  /** Names, or patterns with `*`; empty for all. */
  readonly only: readonly string[]
  readonly except: readonly string[]
}

interface Named {
  readonly name: string
}

/** Of each name, that of the last layer which has it. */
export function layered<Secret extends Named>(layers: readonly (readonly Secret[])[]): Secret[] {
  return [...new Map(layers.flat().map((secret) => [secret.name, secret])).values()]
}

/**
 * Throws `secret_not_found` for what is wanted and not there: the program would start without it. `unused`: what was to be
 * left out and is not there.
 */
export function choose<Secret extends Named>(
  secrets: readonly Secret[],
  { only, except }: Choice,
  environments: readonly string[],
): { readonly chosen: readonly Secret[]; readonly unused: readonly string[] } {
  const isThere = (pattern: string) => secrets.some(({ name }) => matches(name, pattern))
  const absent = only.filter((pattern) => !isThere(pattern))
  if (absent.length > 0) {
    const [environment = ""] = environments
    throw new HalfkeyError(
      "secret_not_found",
      `nothing was started: not in ${environments.join(", ")}: ${absent.join(", ")}`,
      {
        hint: `halfkey list -e ${environment}`,
      },
    )
  }
  const chosen = secrets.filter(({ name }) => isChosen(name, { only, except }))
  return { chosen, unused: except.filter((pattern) => !isThere(pattern)) }
}

export function isChosen(name: string, { only, except }: Choice): boolean {
  const isWanted = only.length === 0 || only.some((pattern) => matches(name, pattern))
  return isWanted && !except.some((pattern) => matches(name, pattern))
}

export function isPattern(text: string): boolean {
  return text.includes("*")
}

/** Throws a usage error. An empty list of a script must not mean all, and what is typed wrongly may be a value. */
export function requirePatterns(option: string, patterns: readonly string[]): void {
  if (patterns.every((pattern) => /^[\w./*-]+$/.test(pattern))) return
  throw usageError(`${option} takes names of secrets, in which * stands for any characters`, `${option} 'DATABASE_*'`)
}

function matches(name: string, pattern: string): boolean {
  if (!isPattern(pattern)) return name === pattern
  const parts = pattern.split("*").map((part) => part.replaceAll(".", "\\."))
  return new RegExp(`^${parts.join(".*")}$`).test(name)
}
