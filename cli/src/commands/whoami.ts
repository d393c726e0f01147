/** `halfkey whoami`: profile, workspace, client and role, as the server confirms them. */
import { unwrap } from "halfkey/admin"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { printRecord } from "../output/formats.ts"

export const definition: CommandDefinition<undefined> = {
  environments: "none",
  formats: ["table", "json", "yaml", "tsv"],
  examples: [
    { does: "who you are", line: "halfkey whoami" },
    { does: "the workspace's CRN, for CS_WORKSPACE_CRN", line: "halfkey whoami --plain | grep workspaceCRN | cut -f2" },
  ],
  define: () => {},
  read: () => undefined,
}

const columns = [
  { key: "profile", title: "Profile" },
  { key: "endpoint", title: "Endpoint" },
  { key: "workspaceCRN", title: "Workspace" },
  { key: "clientId", title: "Client" },
  { key: "role", title: "Role" },
  { key: "granter", title: "Granter" },
  { key: "apiKeyId", title: "API key" },
]

export async function run(context: Context): Promise<undefined> {
  const admin = await context.admin()
  const { workspaceCRN, caller, granters } = unwrap(await admin.workspace())
  await printRecord(context, columns, {
    profile: context.settings().apiKey?.source === "profile" ? (context.settings().profile?.value ?? null) : null,
    endpoint: context.connection().endpoint,
    workspaceCRN,
    clientId: caller.clientId,
    role: caller.role,
    granter: granters.some(({ clientId }) => clientId === caller.clientId),
    apiKeyId: caller.apiKeyId,
    scopes: caller.scopes,
  })
  return undefined
}
