/** `halfkey clients list`. */
import { unwrap } from "halfkey/admin"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { printRows } from "../output/formats.ts"

export interface ClientsListOptions {
  readonly all: boolean
}

export const definition: CommandDefinition<ClientsListOptions> = {
  environments: "none",
  onlyReads: true,
  formats: ["table", "json", "yaml", "tsv"],
  about: `Environments in which a client may not do everything come with its mode: production:read. Of a person's device the role is
shown. A crash of the server may lose the last minute of LAST USED.`,
  examples: [
    { does: "clients that have access", line: "halfkey clients list" },
    { does: "revoked ones too", line: "halfkey clients list --all" },
  ],
  define: (command) => {
    command.option("--all", "with revoked clients")
  },
  read: (_, flags) => ({ all: flags["all"] === true }),
}

const columns = [
  { key: "label", title: "LABEL" },
  { key: "clientId", title: "ID" },
  { key: "environments", title: "ENVIRONMENTS" },
  { key: "granter", title: "GRANTER" },
  { key: "device", title: "DEVICE" },
  { key: "createdAt", title: "CREATED" },
  { key: "lastUsedAt", title: "LAST USED" },
  { key: "revokedAt", title: "REVOKED" },
]

export async function run(context: Context, { all }: ClientsListOptions): Promise<undefined> {
  const admin = await context.admin()
  const clients = unwrap(await admin.clients.list()).filter(({ revokedAt }) => all || revokedAt === null)
  const rows = clients.map(({ clientId, label, granter, device, environments, createdAt, lastUsedAt, revokedAt }) => ({
    label,
    clientId,
    environments: environments.map(({ name, mode }) => (mode === "read-write" ? name : `${name}:${mode}`)),
    granter,
    device,
    createdAt,
    lastUsedAt,
    revokedAt,
  }))
  await printRows(context, all ? columns : columns.slice(0, -1), rows)
  return undefined
}
