/** `halfkey whoami`: profile, workspace, client and role, as the server confirms them. */
import { unwrap } from "halfkey/admin"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { printRecord } from "../output/formats.ts"
import { credentialsFrom } from "../settings/resolve.ts"

export const definition: CommandDefinition<undefined> = {
  environments: "none",
  onlyReads: true,
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
]
const apiKeyColumn = { key: "apiKeyId", title: "API key" }
const deviceColumn = { key: "device", title: "Device" }

export async function run(context: Context): Promise<undefined> {
  const admin = await context.admin()
  const { workspaceCRN, caller, granters } = unwrap(await admin.workspace())
  const device = caller.apiKeyId === null
  await printRecord(context, [...columns, device ? deviceColumn : apiKeyColumn], {
    profile:
      credentialsFrom(context.settings())?.source === "profile" ? (context.settings().profile?.value ?? null) : null,
    endpoint: context.connection().endpoint,
    workspaceCRN,
    clientId: caller.clientId,
    role: caller.role,
    granter: granters.some(({ clientId }) => clientId === caller.clientId),
    apiKeyId: caller.apiKeyId,
    device,
    scopes: caller.scopes,
  })
  return undefined
}
