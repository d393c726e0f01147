/** `halfkey keys create`: a further API key, for the own client, another one or, with role control, none. */
import { requireLabel } from "@halfkey/core/formats/environment-name"
import { Option } from "commander"
import { type Role, unwrap } from "halfkey/admin"
import { type CommandDefinition, collect, textFlag } from "../command.ts"
import type { Context } from "../context.ts"
import { usageError } from "../failure.ts"
import { clientIdFrom } from "../input/client-id.ts"
import { environmentsIn, type Narrowing, narrowingFrom, roles } from "../input/grants.ts"
import { printCredentials } from "../output/credentials.ts"

export interface KeysCreateOptions {
  readonly label: string
  readonly role: Role
  /** `null`: bound to no client; `undefined`: to the caller's own. */
  readonly clientId: string | null | undefined
  readonly environments: readonly string[]
  readonly narrowing: Narrowing
}

export const definition: CommandDefinition<KeysCreateOptions> = {
  environments: "many",
  formats: ["json", "env", "yaml"],
  about: `Prints the key once: nobody can show it again. It is bound to your own client unless --client names another one.
Role control administers without a client and can open nothing; with --no-client it is bound to none.`,
  examples: [
    { does: "a key that only reads staging", line: "halfkey keys create report -e staging --read-only" },
    {
      does: "for another client, for 30 days",
      line: "halfkey keys create api-2 --client 6b0c0a52-77d5-8f0e-9c2e-2d1f5c3b9a10 --expires 30d",
    },
    { does: "for automation without a client", line: "halfkey keys create terraform --role control --no-client" },
  ],
  define: (command) => {
    command
      .argument("<name>", "label of the key")
      .addOption(new Option("--role <role>", "what it may do").choices([...roles]))
      .option("--client <client-id>", "the client that it is bound to")
      .option("--no-client", "bound to no client: role control only")
      .option("--read-only", "narrow it to reading")
      .option("--network <cidr>", "narrow it to a network; may be repeated", collect)
      .option("--expires <time>", "when it ends: 30d, 12h or a date")
  },
  read: ([label], flags) => {
    const role = (textFlag(flags, "role") ?? "member") as Role
    const { client } = flags
    if (client === false && role !== "control")
      throw usageError("--no-client needs --role control", "--role control --no-client")
    return {
      label: String(label),
      role,
      clientId: client === false ? null : typeof client === "string" ? clientIdFrom(client) : undefined,
      environments: environmentsIn(flags),
      narrowing: narrowingFrom(flags, Date.now()),
    }
  },
}

export async function run(context: Context, options: KeysCreateOptions): Promise<undefined> {
  const { label, role, clientId, environments, narrowing } = options
  requireLabel(label)
  const admin = await context.admin()
  const narrowed = environments.length === 0 ? narrowing : { ...narrowing, environments }
  const { apiKey, secret } = unwrap(await admin.apiKeys.create({ label, role, clientId, ...narrowed }))
  const { id, expiresAt } = apiKey
  await printCredentials(
    context,
    { CS_CLIENT_ACCESS_KEY: secret },
    { id, label, role: apiKey.role, clientId: apiKey.clientId, expiresAt },
  )
  context.note("the key is not shown again")
  return undefined
}
