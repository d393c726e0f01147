/** `halfkey restore --to`: an environment, or some of its secrets, as it was at a time. */
import { requireSecretName } from "@halfkey/core/formats/secret-name"
import { unwrap } from "halfkey/secrets"
import { type CommandDefinition, listFlag, textFlag } from "../command.ts"
import type { Context } from "../context.ts"
import { usageError } from "../failure.ts"
import { collectNames } from "../input/name.ts"
import { momentMs } from "../input/time.ts"
import { applyPlan, printPlan } from "../restore/apply.ts"
import { planRestore } from "../restore/plan.ts"

export interface RestoreOptions {
  /** As it was typed. */
  readonly to: string | undefined
  /** None: all. */
  readonly names: readonly string[]
  readonly dryRun: boolean
}

/** Each secret that was there already takes a request for its versions. */
const timeoutMs = 60_000

const timeHint = "--to 2h, 7d, 2027-01-31 or 2027-01-31T12:00:00Z"

export const definition: CommandDefinition<RestoreOptions> = {
  environments: "one",
  formats: ["table", "json", "yaml", "tsv"],
  about: `Values that were changed or deleted since come back, and what was not there yet is deleted. It shows names and versions
first, and asks; -y answers. All of it is written in one commit, as new versions, so that it can be undone in the same way; if
somebody else writes meanwhile nothing is (exit 5). Which version was the newest at a time is what the server says.

Something else: \`halfkey restore accept\` lets all clients go on after the server's operator restored a backup. A secret that is
called accept is named by -n.`,
  examples: [
    { does: "undo the last two hours, after a question", line: "halfkey restore --to 2h -e staging" },
    { does: "only look", line: "halfkey restore --to 2027-01-31T12:00:00Z -e production --dry-run" },
    { does: "some secrets, in a script", line: "halfkey restore --to 1d -e staging DATABASE_URL API_TOKEN -y" },
  ],
  define: (command) => {
    command
      .argument("[names...]", "only these secrets")
      .option("-n, --name <name>", "a name, as an option; may be repeated", collectNames)
      .option("--to <time>", "a span ago, or a date or time in UTC")
      .option("--dry-run", "only show what would change")
  },
  read: ([names], flags) => ({
    to: textFlag(flags, "to"),
    names: [...new Set([...(Array.isArray(names) ? names.map(String) : []), ...listFlag(flags, "name")])],
    dryRun: flags["dryRun"] === true,
  }),
}

function timeFrom(text: string | undefined, now: number): string {
  if (text === undefined) throw usageError("no time was named to go back to", timeHint)
  const time = momentMs(text, now)
  if (time === undefined || time < 0) throw usageError(`--to cannot be ${JSON.stringify(text)}`, timeHint)
  if (time > now) throw usageError(`--to ${text} has not come yet`, timeHint)
  return new Date(time).toISOString()
}

export async function run(context: Context, { dryRun, names, to }: RestoreOptions): Promise<undefined> {
  for (const name of names) requireSecretName(name)
  const time = timeFrom(to, context.now())
  const environment = context.environment()
  const secrets = await context.secrets()
  const only = names.length === 0 ? undefined : names
  const changes = unwrap(await secrets.changesSince(time, { environment, names: only, timeoutMs }))
  const plan = planRestore(changes)
  try {
    if (dryRun) await printPlan(context, plan)
    else if (plan.length === 0) context.note(`${environment} is as it was at ${time}: there is nothing to change`)
    else await applyPlan(context, secrets, environment, time, plan)
  } finally {
    for (const { before, now } of changes) {
      before?.value?.fill(0)
      now.value?.fill(0)
    }
  }
  return undefined
}
