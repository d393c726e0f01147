/** `halfkey clients create`: keys made on this machine, shown once; the server gets the public halves. */
import { requireLabel } from "@halfkey/core/formats/environment-name"
import { Option } from "commander"
import { type MemberMode, type Role, unwrap } from "halfkey/admin"
import { type CommandDefinition, collect, textFlag } from "../command.ts"
import type { Context } from "../context.ts"
import { environmentsFrom, memberModes, modeFrom, type Narrowing, narrowingFrom, roles } from "../input/grants.ts"
import { printCredentials } from "../output/credentials.ts"
import { showSealingPlan } from "../output/sealing-plan.ts"
import { localEndpoint } from "../settings/endpoint.ts"
import { Profiles } from "../settings/profiles.ts"

export interface ClientsCreateOptions {
  readonly label: string
  readonly environments: readonly string[]
  readonly mode: MemberMode
  readonly role: Role
  readonly narrowing: Narrowing
  readonly saveProfile?: string | undefined
}

export const definition: CommandDefinition<ClientsCreateOptions> = {
  environments: "many",
  formats: ["json", "env", "yaml"],
  about: `Prints the four variables that configure the client, once: nobody can show them again. With --save-profile they
are stored as a profile of this machine instead, and not printed.`,
  examples: [
    { does: "a service in two environments", line: "halfkey clients create api-server -e production -e staging" },
    {
      does: "a build that only reads, as lines of a shell",
      line: "halfkey clients create ci -e staging --mode read -o env",
    },
    {
      does: "for 30 days and one network",
      line: "halfkey clients create contractor -e development --expires 30d --network 10.0.0.0/8",
    },
  ],
  define: (command) => {
    command
      .argument("<name>", "label, shown to whoever decides about access")
      .addOption(new Option("--mode <mode>", "what it may do there").choices([...memberModes]))
      .addOption(new Option("--role <role>", "role of its API key").choices([...roles]))
      .option("--read-only", "narrow its API key to reading")
      .option("--network <cidr>", "narrow its API key to a network; may be repeated", collect)
      .option("--expires <time>", "end of its API key: 30d, 12h or a date")
      .option("--save-profile <profile>", "store as a profile of this machine instead of printing")
  },
  read: ([label], flags) => ({
    label: String(label),
    environments: environmentsFrom(flags),
    mode: modeFrom(flags),
    role: (textFlag(flags, "role") ?? "member") as Role,
    narrowing: narrowingFrom(flags, Date.now()),
    saveProfile: textFlag(flags, "saveProfile"),
  }),
}

export async function run(context: Context, options: ClientsCreateOptions): Promise<undefined> {
  const { label, environments, mode, role, narrowing, saveProfile } = options
  requireLabel(label)
  const profiles = new Profiles(context.configDirectory)
  // Keys that cannot be stored would be lost: so this is known before they are made.
  if (saveProfile !== undefined) profiles.requireNew(saveProfile)
  const admin = await context.admin()
  const { credentials } = unwrap(
    await admin.clients.create(
      { label, environments: environments.map((name) => ({ name, mode })), apiKey: { label, role, ...narrowing } },
      { beforeSealing: (plan) => void showSealingPlan(context.streams, plan) },
    ),
  )
  const { workspaceCRN, clientId, clientKey, apiKey = "" } = credentials
  const { endpoint } = context.connection()
  if (saveProfile !== undefined) {
    profiles.save(saveProfile, { endpoint, workspaceCRN, clientId, clientKey, apiKey })
    context.note(`client ${label} (${clientId}) is stored as profile ${saveProfile}: use --profile ${saveProfile}`)
    return undefined
  }
  await printCredentials(context, {
    CS_WORKSPACE_CRN: workspaceCRN,
    CS_CLIENT_ID: clientId,
    CS_CLIENT_KEY: clientKey,
    CS_CLIENT_ACCESS_KEY: apiKey,
  })
  if (endpoint !== localEndpoint) context.note(`the client needs CS_ENDPOINT=${endpoint} as well`)
  context.note("keep these four where the client runs; they are not shown again")
  return undefined
}
