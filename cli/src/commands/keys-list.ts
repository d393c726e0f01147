/** `halfkey keys list`: API keys, without their secrets, which nobody has. */
import { unwrap } from "halfkey/admin"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { limitsOf } from "../output/api-key-limits.ts"
import { printRows } from "../output/formats.ts"

export interface KeysListOptions {
  readonly all: boolean
}

export const definition: CommandDefinition<KeysListOptions> = {
  environments: "none",
  onlyReads: true,
  formats: ["table", "json", "yaml", "tsv"],
  about: `LIMITS is how a key is narrowed, and when it ends. Expired and rotated keys are listed until they are revoked.
A crash of the server may lose the last minute of LAST USED.`,
  examples: [
    { does: "keys that work", line: "halfkey keys list" },
    { does: "revoked ones too, as JSON", line: "halfkey keys list --all -o json" },
  ],
  define: (command) => {
    command.option("--all", "with revoked keys")
  },
  read: (_, flags) => ({ all: flags["all"] === true }),
}

const columns = [
  { key: "label", title: "LABEL" },
  { key: "id", title: "ID" },
  { key: "role", title: "ROLE" },
  { key: "clientId", title: "CLIENT" },
  { key: "limits", title: "LIMITS" },
  { key: "createdAt", title: "CREATED" },
  { key: "lastUsedAt", title: "LAST USED" },
  { key: "revokedAt", title: "REVOKED" },
]

export async function run(context: Context, { all }: KeysListOptions): Promise<undefined> {
  const admin = await context.admin()
  const keys = unwrap(await admin.apiKeys.list()).filter(({ revokedAt }) => all || revokedAt === null)
  const rows = keys.map(({ label, id, role, clientId, readOnly, environments, networks, ...times }) => ({
    label,
    id,
    role,
    clientId,
    limits: [
      ...limitsOf({ readOnly, environments, networks, expiresAt: times.expiresAt }),
      ...(times.rotatedTo === null ? [] : [`rotated to ${times.rotatedTo}`]),
    ],
    readOnly,
    environments,
    networks,
    createdAt: times.createdAt,
    expiresAt: times.expiresAt,
    lastUsedAt: times.lastUsedAt,
    rotatedTo: times.rotatedTo,
    revokedAt: times.revokedAt,
  }))
  await printRows(context, all ? columns : columns.slice(0, -1), rows)
  return undefined
}
