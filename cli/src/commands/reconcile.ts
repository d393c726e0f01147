/** `halfkey reconcile`: what the server went back on, after an operator restored an older database (S10). */
import { type Admin, unwrap } from "halfkey/admin"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { environmentsOrAll } from "../input/grants.ts"
import { printRows } from "../output/formats.ts"
import { differenceColumns, differenceRows } from "../output/reconciliation.ts"

export interface ReconcileOptions {
  /** `undefined`: all. */
  readonly environments: readonly string[] | undefined
  readonly apply: boolean
}

/** Of each request: everything that was ever seen may have to be compared or written. */
const timeoutMs = 120_000

/** There are differences, as of `diff`. */
const differencesExit = 8

export const definition: CommandDefinition<ReconcileOptions> = {
  environments: "many",
  compares: true,
  formats: ["table", "json", "yaml", "tsv"],
  about: `Compares what the server says with what this machine has seen, also where every other command refuses a stale server,
and changes nothing. Exit code 8 when something differs. With --apply, lost rosters are uploaded as they were signed, and
secrets that this machine has read or written are written again as new versions: for that a granter must have accepted the
restore (halfkey restore accept). Run it on every machine: each has seen something else.`,
  examples: [
    { does: "what would be lost", line: "halfkey reconcile" },
    { does: "bring back what this machine keeps", line: "halfkey reconcile -e production --apply" },
  ],
  define: (command) => {
    command
      .option("--all", "every environment that was seen here or is there; also without it")
      .option("--apply", "upload and write again what is kept here")
  },
  read: (_, flags) => ({ environments: environmentsOrAll(flags), apply: flags["apply"] === true }),
}

export async function run(context: Context, { apply, environments }: ReconcileOptions): Promise<number | undefined> {
  const admin = await context.admin()
  if (apply) await bringBack(context, admin, environments)
  const compared = unwrap(await admin.restore.compare(environments, { timeoutMs }))
  await printRows(context, differenceColumns, differenceRows(compared))
  if (compared.differs) return differencesExit
  context.note("the server has everything that this machine has seen")
  return undefined
}

async function bringBack(context: Context, admin: Admin, environments: readonly string[] | undefined): Promise<void> {
  const done = unwrap(await admin.restore.bringBack(environments, { timeoutMs }))
  if (done.rosters.length > 0) context.note(`uploaded roster ${done.rosters.join(", ")}`)
  if (done.rostersRefused !== null) {
    context.warn(
      "the rosters must be uploaded by a granter, with what is signed under them\n  try: halfkey restore accept",
    )
  }
  for (const { deleted, environment, name, version } of done.secrets) {
    context.note(`${environment}: ${name} is ${deleted ? "deleted" : "written"} again, as version ${version}`)
  }
  for (const { environment, name, version } of done.notOpened) {
    context.warn(`${environment}: what is kept here of ${name}, version ${version}, does not open`)
  }
  for (const environment of done.notAccepted) {
    context.warn(
      `${environment}: nothing can be written before a granter has accepted the restore\n  try: halfkey restore accept -e ${environment}`,
    )
  }
}
