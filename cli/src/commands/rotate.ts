/** `halfkey rotate`: new keys for environments, everything sealed again, the old keys destroyed. */
import { type Admin, unwrap } from "halfkey/admin"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { Told, usageError } from "../failure.ts"
import { environmentsIn } from "../input/grants.ts"
import { ProgressLine } from "../output/progress.ts"
import { showSealingPlan } from "../output/sealing-plan.ts"

export interface RotateCommandOptions {
  /** Empty: all. */
  readonly environments: readonly string[]
  readonly startNew: boolean
}

export const definition: CommandDefinition<RotateCommandOptions> = {
  environments: "many",
  about: `Every kept version is opened and sealed again on this machine, under keys that no former member ever had; then the
server destroys the old ones. Others read and write on meanwhile. Interrupted at any point? Type it again: it goes on where
it stopped, and begins another rotation only with --new. Needs a granter whose mode is read-write.`,
  examples: [
    { does: "one environment", line: "halfkey rotate -e production" },
    { does: "every environment that you may read and write", line: "halfkey rotate --all" },
  ],
  define: (command) => {
    command
      .option("--all", "every environment that you may read and write")
      .option("--new", "begin another rotation, even where one is unfinished")
  },
  read: (_, flags) => {
    const environments = environmentsIn(flags)
    const all = flags["all"] === true
    if (all && environments.length > 0) throw usageError("--all and -e were both given", "one of them")
    if (!all && environments.length === 0) throw usageError("no environment was named", "-e production, or --all")
    return { environments, startNew: flags["new"] === true }
  },
}

export async function run(context: Context, options: RotateCommandOptions): Promise<undefined> {
  const { environments, startNew } = options
  const admin = await context.admin()
  const { allowed, disabled, others } =
    environments.length > 0 ? { allowed: environments, disabled: [], others: [] } : await all(admin)
  const progress = new ProgressLine(context)
  for (const name of allowed) {
    const rotated = await admin.environments.rotate(name, {
      startNew,
      beforeSealing: (plan) => void showSealingPlan(context.streams, plan),
      onProgress: ({ done, environment, total }) => progress.show(`${environment}: sealed again`, done, total),
    })
    progress.end()
    const { environment, epoch, resealed } = unwrap(rotated)
    const versions = `${resealed.toLocaleString("en-US")} ${resealed === 1 ? "version" : "versions"}`
    context.note(`${environment} has new keys (epoch ${epoch}); ${versions} sealed again, the old keys are destroyed`)
  }
  if (disabled.length > 0) {
    context.streams.err(
      `halfkey: not rotated, since it is disabled: ${disabled.join(", ")}\n  try: halfkey environments enable ${disabled[0]}\n`,
    )
  }
  if (others.length > 0) {
    context.streams.err(
      `halfkey: not rotated, since you may not read and write there: ${others.join(", ")}\n  try: halfkey rotate -e ${others[0]}   (as a granter who may)\n`,
    )
  }
  if (disabled.length + others.length > 0) throw new Told(4)
  return undefined
}

/** What there is to rotate, and what this client cannot. Of destroyed ones there is nothing left. */
async function all(admin: Admin): Promise<{ allowed: string[]; disabled: string[]; others: string[] }> {
  const [allowed, disabled, others]: [string[], string[], string[]] = [[], [], []]
  for (const { mode, name, state } of unwrap(await admin.environments.list())) {
    if (state === "destroyed") continue
    if (state === "disabled") disabled.push(name)
    else if (mode === "read-write") allowed.push(name)
    else others.push(name)
  }
  return { allowed, disabled, others }
}
