/** `halfkey whoami`: profile, workspace, client, role, what narrows it and where it is a member, as the server confirms them. */
import { type EnvironmentGrants, unwrap } from "halfkey/admin"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { limitsOf } from "../output/api-key-limits.ts"
import { printRecord } from "../output/formats.ts"
import { credentialsFrom } from "../settings/resolve.ts"

export const definition: CommandDefinition<undefined> = {
  environments: "none",
  onlyReads: true,
  formats: ["table", "json", "yaml", "tsv"],
  about: `Where you are a member is by the signed manifests; the role, and what narrows the API key, are the server's word.`,
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
  { key: "label", title: "Label" },
  { key: "role", title: "Role" },
  { key: "granter", title: "Granter" },
]
const apiKeyColumns = [
  { key: "apiKeyId", title: "API key" },
  { key: "limits", title: "Limits" },
]
const deviceColumns = [{ key: "device", title: "Device" }]
const environmentsColumn = { key: "environments", title: "Environments" }

export async function run(context: Context): Promise<undefined> {
  const admin = await context.admin()
  const { workspaceCRN, caller, granters } = unwrap(await admin.workspace())
  const { apiKeyId, clientId, narrowing, role, scopes } = caller
  const device = apiKeyId === null
  const grants = clientId === null ? [] : unwrap(await admin.grants.list())
  const { environments, label } = membershipOf(grants, clientId)
  await printRecord(context, [...columns, ...(device ? deviceColumns : apiKeyColumns), environmentsColumn], {
    profile:
      credentialsFrom(context.settings())?.source === "profile" ? (context.settings().profile?.value ?? null) : null,
    endpoint: context.connection().endpoint,
    workspaceCRN,
    clientId,
    label: granters.find((each) => each.clientId === clientId)?.label ?? label ?? null,
    role,
    granter: granters.some((each) => each.clientId === clientId),
    apiKeyId,
    limits: narrowing === null ? [] : limitsOf(narrowing),
    device,
    environments,
    scopes,
  })
  return undefined
}

/** Each by its name, with what is not usual: a mode other than read-write, a state other than enabled. */
function membershipOf(grants: readonly EnvironmentGrants[], clientId: string | null) {
  const own = grants.flatMap(({ environment, members, state }) => {
    const member = members.find((each) => each.clientId === clientId)
    return member === undefined ? [] : [{ ...member, environment, state }]
  })
  const environments = own.map(({ environment, mode, state }) =>
    [environment, ...(mode === "read-write" ? [] : [mode]), ...(state === "enabled" ? [] : [state])].join(":"),
  )
  return { environments, label: own[0]?.label }
}
