/** `halfkey devices list`: who asks to be let in, and who is. */
import { unwrap } from "halfkey/admin"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { printRows } from "../output/formats.ts"

export interface DevicesListOptions {
  readonly all: boolean
}

export const definition: CommandDefinition<DevicesListOptions> = {
  environments: "none",
  onlyReads: true,
  formats: ["table", "json", "yaml", "tsv"],
  about: `Devices that wait for an admin come first. Their labels are what their owners typed: only the code tells which device it is
(halfkey devices approve).`,
  examples: [
    { does: "devices that wait, and those that are in", line: "halfkey devices list" },
    { does: "revoked ones too, and those that waited in vain today", line: "halfkey devices list --all" },
  ],
  define: (command) => {
    command.option("--all", "with revoked, rejected and expired ones")
  },
  read: (_, flags) => ({ all: flags["all"] === true }),
}

const columns = [
  { key: "label", title: "LABEL" },
  { key: "clientId", title: "ID" },
  { key: "status", title: "STATUS" },
  { key: "role", title: "ROLE" },
  { key: "environments", title: "ENVIRONMENTS" },
  { key: "since", title: "SINCE" },
  { key: "address", title: "FROM" },
]

export async function run(context: Context, { all }: DevicesListOptions): Promise<undefined> {
  const admin = await context.admin()
  const { devices, pending } = unwrap(await admin.devices.list())
  const rows = [
    ...pending.map(({ address, clientId, filedAt, label, status }) => {
      return { label, clientId, status, role: null, environments: [], since: filedAt, address }
    }),
    ...devices.map(({ clientId, createdAt, device, environments, label, revokedAt }) => ({
      label,
      clientId,
      status: revokedAt === null ? "approved" : "revoked",
      role: device,
      environments: environments.map(({ mode, name }) => (mode === "read-write" ? name : `${name}:${mode}`)),
      since: revokedAt ?? createdAt,
      address: null,
    })),
  ]
  const current = rows.filter(({ status }) => all || status === "pending" || status === "approved")
  await printRows(context, columns, current)
  return undefined
}
