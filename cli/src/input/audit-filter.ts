/** What `audit list` is asked for, from its options. */
import type { AuditFilter } from "halfkey/admin"
import { type Flags, textFlag } from "../command.ts"
import { usageError } from "../failure.ts"
import { apiKeyIdFrom } from "./api-key-id.ts"
import { clientIdFrom } from "./client-id.ts"
import { momentMs } from "./time.ts"

/** `-e` is left to the global options. Throws a usage error. */
export function auditFilterFrom(flags: Flags, now: number): Omit<AuditFilter, "environment"> {
  const [client, key] = [textFlag(flags, "client"), textFlag(flags, "key")]
  const denied = flags["denied"] === true
  const outcome = textFlag(flags, "outcome") as AuditFilter["outcome"]
  if (denied && outcome === "allowed") throw usageError("--denied and --outcome allowed exclude each other", "--denied")
  return {
    since: timeFlag(flags, "since", now),
    until: timeFlag(flags, "until", now),
    client: client && clientIdFrom(client),
    apiKey: key && apiKeyIdFrom(key),
    name: textFlag(flags, "name"),
    action: textFlag(flags, "action"),
    outcome: denied ? "denied" : outcome,
  }
}

function timeFlag(flags: Flags, name: string, now: number): string | undefined {
  const text = textFlag(flags, name)
  if (text === undefined) return undefined
  const time = momentMs(text, now)
  if (time !== undefined && time >= 0) return new Date(time).toISOString()
  throw usageError(
    `--${name} cannot be ${JSON.stringify(text)}`,
    `--${name} 2h, 7d, 2027-01-31 or 2027-01-31T12:00:00Z`,
  )
}
