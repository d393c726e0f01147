/** `halfkey restore accept`: a granter says that the older database is the one to go on with (S10). */
import { type AcceptedRestore, unwrap } from "halfkey/admin"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { Told, usageError } from "../failure.ts"
import { requireTypedName } from "../input/confirm.ts"
import { environmentsOrAll } from "../input/grants.ts"
import { wholeNumberFlag } from "../input/number.ts"
import { showRestorePlan } from "../output/restore-plan.ts"

export interface RestoreAcceptOptions {
  /** `undefined`: all that need it. */
  readonly environments: readonly string[] | undefined
  readonly anyway: boolean
  readonly versionFloor: number | undefined
}

const timeoutMs = 120_000

export const definition: CommandDefinition<RestoreAcceptOptions> = {
  environments: "many",
  about: `Signs a manifest for every environment that the server went back on, which all clients then take: with the members,
modes and state that this machine has seen last, so that nobody who was removed since the backup comes back. Rosters that the
server lost are uploaded first. Shows what it signs, and asks. Interrupted? Type it again. Values are brought back
afterwards, by halfkey reconcile --apply on each machine. What no machine keeps is lost.

Something else: \`halfkey restore --to TIME\` takes an environment back to what it held at a time.`,
  examples: [
    { does: "everything that the server went back on", line: "halfkey restore accept" },
    {
      does: "although this machine saw nothing newer, for one that did and refuses",
      line: "halfkey restore accept -e production --anyway --version-floor 5000",
    },
  ],
  define: (command) => {
    command
      .option("--all", "every environment that needs it; also without it")
      .option("--anyway", "where this machine sees no difference, too; needs -e")
      .option("--version-floor <version>", "go on above this version at least, as another machine asks for it")
  },
  read: (_, flags) => {
    const environments = environmentsOrAll(flags)
    const anyway = flags["anyway"] === true
    if (anyway && environments === undefined)
      throw usageError("--anyway needs an environment", "--anyway -e production")
    return { environments, anyway, versionFloor: wholeNumberFlag(flags, "versionFloor", "--version-floor") }
  },
}

export async function run(context: Context, options: RestoreAcceptOptions): Promise<undefined> {
  const { anyway, environments, versionFloor } = options
  const admin = await context.admin()
  let unanswered: unknown
  const result = await admin.restore.accept(environments, {
    anyway,
    versionFloor,
    timeoutMs,
    beforeSigning: async (plan) => {
      showRestorePlan(context.streams, plan)
      try {
        await requireTypedName(context, "accept", "What the server lost since is given up.", "nothing was accepted")
        return true
      } catch (error) {
        // What was told, and Ctrl-C, must stay what they are: the SDK would make a failure of them.
        unanswered = error
        return false
      }
    },
  })
  if (unanswered !== undefined) throw unanswered
  if (result.failure?.code === "aborted") throw new Told(1)
  report(context, unwrap(result))
  return undefined
}

function report(context: Context, { environments, rosters }: AcceptedRestore): void {
  if (environments.length === 0 && rosters.length === 0) {
    context.note("nothing to accept: the server has not gone back behind what this machine has seen")
    return
  }
  if (rosters.length > 0) context.note(`uploaded roster ${rosters.join(", ")}`)
  for (const { environment, incarnation, newEpoch, revision } of environments) {
    context.note(`${environment} goes on at revision ${revision}, incarnation ${incarnation}`)
    if (newEpoch !== null)
      context.note(`finish its new keys when values are back\n  try: halfkey rotate -e ${environment}`)
  }
  warnOfPin(context, environments)
  context.note("now bring back what each machine keeps\n  try: halfkey reconcile --apply")
}

/** Revisions count anew from those of the backup: a committed pin may be above them for a while. */
function warnOfPin(context: Context, accepted: AcceptedRestore["environments"]): void {
  const { minimumRevision } = context.settings()
  for (const { environment, revision } of accepted) {
    if ((minimumRevision?.value[environment] ?? 0) <= revision) continue
    context.warn(
      `${minimumRevision?.from} pins a later revision of ${environment}: set its minimumRevision to ${revision}`,
    )
  }
}
