/** Reading one variable of the environment, and saying that it is not usable. */
import { HalfkeyError } from "@halfkey/core/formats/errors"

export type Environment = Readonly<Record<string, string | undefined>>

/** An empty variable counts as none. */
export function setting(env: Environment, name: string): string | undefined {
  return env[name] || undefined
}

export function invalid(name: string, why: string, hint: string, cause?: unknown): HalfkeyError {
  return new HalfkeyError("invalid_configuration", `${name} is not usable: ${why}`, { hint, cause })
}

/** A whole number from `least` to `most`. */
export function integer(env: Environment, name: string, fallback: number, least: number, most: number): number {
  const text = setting(env, name)
  if (text === undefined) return fallback
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw invalid(name, `it must be a whole number from ${least} to ${most}`, `set ${name}=${fallback}, the default`)
}
