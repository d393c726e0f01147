/** `halfkey recover`: every admin's key is lost; the kit from the safe brings a new one. */
import { hostname } from "node:os"
import { checkRecoveryKit, type RecoveredWorkspace, recoverWorkspace, unwrap } from "halfkey/admin"
import { type CommandDefinition, collect, listFlag, textFlag } from "../command.ts"
import type { Context } from "../context.ts"
import { Told, usageError } from "../failure.ts"
import { nodeTransport } from "../http/node-transport.ts"
import { recoveryKitText } from "../input/recovery-kit.ts"
import { showRecoveryPlan } from "../output/recovery-plan.ts"
import { requireRoom } from "../recovery/room.ts"
import { Profiles } from "../settings/profiles.ts"
import { fileArchive } from "../storage/archive-file.ts"
import { fileFreshness } from "../storage/freshness-file.ts"

export interface RecoverCommandOptions {
  readonly kitFile?: string | undefined
  readonly workspace?: string | undefined
  readonly label?: string | undefined
  readonly saveProfile: string
  readonly without: readonly string[]
}

export const definition: CommandDefinition<RecoverCommandOptions> = {
  environments: "none",
  about: `Makes a new admin on this machine, who can read everything that is there, and puts it in the place of every client and
API key: they all lose access at once, and are let in again one by one. Shows whom, and asks. The kit is asked for, hidden,
and stays valid: put it back into the safe. Interrupted? Type it again; it is safe to repeat.`,
  examples: [
    { does: "on a new machine", line: "halfkey recover --endpoint https://halfkey.example.com" },
    {
      does: "from a file, and without an environment whose recovery grant is damaged",
      line: "halfkey recover --endpoint https://halfkey.example.com --kit-file kit.txt --without legacy",
    },
  ],
  define: (command) => {
    command
      .option("--kit-file <file>", "file with the recovery kit; - for stdin")
      .option("--workspace <crn>", "refuse the kit of another workspace")
      .option("--label <label>", "label of the new admin; else it names this machine")
      .option("--save-profile <profile>", "name of its profile; else recovered")
      .option("--without <environment>", "leave an environment shut for now; may be repeated", collect)
  },
  read: (_, flags) => ({
    kitFile: textFlag(flags, "kitFile"),
    workspace: textFlag(flags, "workspace"),
    label: textFlag(flags, "label"),
    saveProfile: textFlag(flags, "saveProfile") ?? "recovered",
    without: listFlag(flags, "without"),
  }),
}

export async function run(context: Context, options: RecoverCommandOptions): Promise<undefined> {
  const settings = context.settings()
  const endpoint = settings.endpoint?.value
  const suggested = settings.unconfirmedEndpoint
  if (suggested !== undefined) {
    throw usageError(
      `only ${suggested.from} names a server, and a committed file must not decide who hears of a recovery`,
      `--endpoint ${suggested.value}, if you trust that server`,
    )
  }
  if (endpoint === undefined) throw usageError("no server was named", "--endpoint https://halfkey.example.com")
  const profiles = new Profiles(context.configDirectory)
  // Keys that cannot be stored would be lost: so this is known before anybody loses anything.
  await requireRoom(context, profiles, options.saveProfile)
  if (!context.options.yes && !context.prompts.allowed) {
    throw usageError("nothing was recovered: nobody can be asked here", "the same with -y")
  }
  const recoveryKit = await recoveryKitText(context, options.kitFile)
  const workspaceCRN = options.workspace ?? settings.workspaceCRN?.value
  const { workspaceId } = unwrap(await checkRecoveryKit(recoveryKit, workspaceCRN))
  const question = "Recover the workspace, and take all access away from everybody above?"
  let unanswered: unknown
  const result = await recoverWorkspace({
    endpoint,
    recoveryKit,
    workspaceCRN,
    label: options.label ?? `admin on ${hostname().slice(0, 60) || "this machine"}`,
    without: options.without,
    freshness: fileFreshness(context.configDirectory, workspaceId),
    archive: fileArchive(context.configDirectory, workspaceId),
    transport: nodeTransport(),
    beforeRecovery: async (plan) => {
      showRecoveryPlan(context.streams, plan)
      try {
        return context.options.yes === true || (await context.prompts.confirm(question))
      } catch (error) {
        // Ctrl-C must stay what it is: the SDK would make a failure of it.
        unanswered = error
        return false
      }
    },
  })
  if (unanswered !== undefined) throw unanswered
  if (result.failure?.code === "aborted") {
    context.streams.err("halfkey: nothing was recovered\n")
    throw new Told(1)
  }
  const recovered = unwrap(result)
  keep(profiles, options.saveProfile, endpoint, recovered)
  report(context, profiles, options.saveProfile, recovered)
  return undefined
}

/** A default profile of the same workspace is worth nothing any more. */
function keep(profiles: Profiles, name: string, endpoint: string, recovered: RecoveredWorkspace): void {
  const { apiKey, clientId, clientKey, workspaceCRN } = recovered
  profiles.save(name, { endpoint, workspaceCRN, clientId, clientKey, apiKey })
  const standard = profiles.default()
  if (standard === undefined || standard === name) return
  if (isOf(profiles, standard, workspaceCRN)) profiles.setDefault(name)
}

function isOf(profiles: Profiles, name: string, workspaceCRN: string): boolean {
  try {
    return profiles.find(name)?.workspaceCRN === workspaceCRN
  } catch {
    // A damaged profile is told when it is used.
    return false
  }
}

function report(context: Context, profiles: Profiles, name: string, recovered: RecoveredWorkspace): void {
  const { destroyed, disabled, environments, notRecovered, workspaceCRN } = recovered
  const use = profiles.default() === name ? "" : `; use --profile ${name}`
  context.note(`recovered ${workspaceCRN}: you are its only admin, stored as profile ${name}${use}`)
  if (environments.length > 0) context.note(`you can use ${environments.join(", ")}`)
  for (const each of disabled)
    context.note(`${each} is disabled, as before\n  try: halfkey environments enable ${each}`)
  for (const each of destroyed) {
    context.note(`${each} is destroyed, as before\n  while there is time: halfkey environments undo-destroy ${each}`)
  }
  if (notRecovered.length > 0) context.warn(`still shut: ${notRecovered.join(", ")}`)
  if (environments.length === 0) return
  context.note(
    "what is written from now on is sealed under keys that nobody else had; for what is there already\n  try: halfkey rotate --all",
  )
}
