/** What `copy` and `promote` have in common: from one environment to another, sealed again under the other's keys. */
import type { Command } from "commander"
import { type Secret, type Secrets, unwrap } from "halfkey/secrets"
import { type Flags, textFlag } from "../command.ts"
import type { Context } from "../context.ts"
import { usageError } from "../failure.ts"
import { applyChanges } from "./apply-changes.ts"

export interface BetweenOptions {
  readonly names: readonly string[]
  readonly from: string
  readonly to: string
  readonly dryRun: boolean
  readonly prune: boolean
}

export function defineBetween(command: Command): void {
  command
    .requiredOption("--from <environment>", "where the secrets are")
    .requiredOption("--to <environment>", "where they are to be")
    .option("--dry-run", "only show what would change")
}

export function readBetween(names: unknown, flags: Flags): BetweenOptions {
  const [from = "", to = ""] = [textFlag(flags, "from"), textFlag(flags, "to")]
  if (from === to) throw usageError("--from and --to name the same environment", "two different ones")
  return {
    names: Array.isArray(names) ? [...new Set(names.map(String))] : [],
    from,
    to,
    dryRun: flags["dryRun"] === true,
    prune: flags["prune"] === true,
  }
}

/** All secrets where none was named. Missing ones fail, each by its name, before anything is written. */
export async function runBetween(context: Context, options: BetweenOptions): Promise<void> {
  const { dryRun, from, names, prune, to } = options
  context.connection()
  const secrets = await context.secrets()
  const found = await wanted(secrets, names, from)
  const values = new Map(found.map(({ name, value }) => [name, value]))
  await applyChanges(context, secrets, { environment: to, values, prune, dryRun })
}

async function wanted(secrets: Secrets, names: readonly string[], environment: string): Promise<Secret[]> {
  const found = await (names.length === 0 ? secrets.readAll({ environment }) : secrets.readMany(names, { environment }))
  const all = unwrap(found)
  if (all.length > 0) return all
  throw usageError(`there are no secrets in ${environment}`, "halfkey environments list")
}
