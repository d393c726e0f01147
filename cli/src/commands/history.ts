/** `halfkey history`: the versions of a secret: when, by whom, and which are deletions. */
import { requireSecretName } from "@halfkey/core/formats/secret-name"
import { unwrap } from "halfkey/secrets"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { nameFrom } from "../input/name.ts"
import { clientLabels } from "../output/client-labels.ts"
import { printRows } from "../output/formats.ts"

export interface HistoryOptions {
  readonly name: string
}

export const definition: CommandDefinition<HistoryOptions> = {
  environments: "one",
  onlyReads: true,
  formats: ["table", "json", "yaml", "tsv"],
  about: `Newest first, without values. BY is the label of the client that wrote it, where you may see labels. All of it is what
the server says; a value of an earlier version, by \`halfkey get NAME --version-number VERSION\`, opens only as that version.`,
  examples: [
    { does: "who wrote it, and when", line: "halfkey history DATABASE_URL -e production" },
    { does: "for a script", line: "halfkey history DATABASE_URL -e production -o json" },
  ],
  define: (command) => {
    command.argument("[name]", "name of the secret").option("-n, --name <name>", "the name, as an option")
  },
  read: ([argument], flags) => ({ name: nameFrom(argument, flags) }),
}

const columns = [
  { key: "version", title: "VERSION" },
  { key: "change", title: "CHANGE" },
  { key: "createdAt", title: "WRITTEN" },
  { key: "label", title: "BY" },
  { key: "clientId", title: "CLIENT" },
]

export async function run(context: Context, { name }: HistoryOptions): Promise<undefined> {
  requireSecretName(name)
  const environment = context.environment()
  const secrets = await context.secrets()
  const versions = unwrap(await secrets.history(name, { environment }))
  const labels = await clientLabels(await context.admin())
  const rows = versions.map(({ version, deleted, createdAt, clientId }) => ({
    version,
    change: deleted ? "deleted" : "written",
    createdAt,
    label: labels.get(clientId) ?? null,
    clientId,
  }))
  await printRows(context, columns, rows)
  return undefined
}
