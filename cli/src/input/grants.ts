/** Modes, roles, networks and expiry on the command line. */
import type { MemberMode, Role } from "halfkey/admin"
import { type Flags, listFlag, textFlag } from "../command.ts"
import { usageError } from "../failure.ts"
import { dateMs, spanMs } from "./time.ts"

export const memberModes = ["read-write", "read", "write"] as const satisfies readonly MemberMode[]
export const roles = ["member", "control", "admin"] as const satisfies readonly Role[]

/** How an API key is narrowed, as its options say. */
export interface Narrowing {
  readonly readOnly?: true
  readonly networks?: readonly string[]
  readonly expiresAt?: string
}

/** Environments named by `-e`, each once; `-e` may stand before the command's name too. */
export function environmentsIn(flags: Flags): readonly string[] {
  const before = textFlag(flags, "environment")
  return before === undefined ? [...new Set(listFlag(flags, "environment"))] : [before]
}

/** As `environmentsIn`; `undefined` for all, which `--all` or nothing means. Throws a usage error for both. */
export function environmentsOrAll(flags: Flags): readonly string[] | undefined {
  const environments = environmentsIn(flags)
  if (environments.length === 0) return undefined
  if (flags["all"] === true) throw usageError("--all and -e were both given", "one of them")
  return environments
}

/** As `environmentsIn`. Throws a usage error for none. */
export function environmentsFrom(flags: Flags): readonly string[] {
  const environments = environmentsIn(flags)
  if (environments.length === 0) throw usageError("no environment was named", "-e production, which may be repeated")
  return environments
}

export function modeFrom(flags: Flags): MemberMode {
  return (textFlag(flags, "mode") ?? "read-write") as MemberMode
}

/** Reads `--read-only`, `--network` and `--expires`. */
export function narrowingFrom(flags: Flags, now: number): Narrowing {
  const networks = listFlag(flags, "network")
  const expires = textFlag(flags, "expires")
  return {
    ...(flags["readOnly"] === true && { readOnly: true as const }),
    ...(networks.length > 0 && { networks }),
    ...(expires !== undefined && { expiresAt: expiryTime(expires, now) }),
  }
}

/** `30d`, `12h`, or a time such as `2027-01-31` or `2027-01-31T12:00:00Z`, as RFC 3339 with milliseconds. Throws a usage error. */
export function expiryTime(text: string, now: number): string {
  const span = spanMs(text)
  const time = span === undefined ? dateMs(text) : now + span
  if (time === undefined)
    throw usageError(`--expires cannot be ${JSON.stringify(text)}`, "--expires 30d, 12h or 2027-01-31")
  if (time <= now) throw usageError("--expires is in the past", "--expires 30d")
  return new Date(time).toISOString()
}
