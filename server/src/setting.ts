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
