/** `halfkey config profiles`: what this machine has; offline. */
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { printRows } from "../output/formats.ts"
import { Profiles } from "../settings/profiles.ts"

export const definition: CommandDefinition<undefined> = {
  environments: "none",
  formats: ["table", "json", "yaml", "tsv"],
  about: `The one in use here is marked: --profile, HALFKEY_PROFILE, the profile of the workspace that halfkey.json names, the default
(halfkey config use), in this order. No key is shown.`,
  examples: [
    { does: "the profiles of this machine", line: "halfkey config profiles" },
    { does: "their names, for a script", line: "halfkey config profiles --plain | cut -f1" },
  ],
  define: () => {},
  read: () => undefined,
}

const columns = [
  { key: "name", title: "PROFILE" },
  { key: "uses", title: "USE" },
  { key: "kind", title: "KIND" },
  { key: "endpoint", title: "SERVER" },
  { key: "workspaceCRN", title: "WORKSPACE" },
  { key: "clientId", title: "CLIENT" },
]

export async function run(context: Context): Promise<undefined> {
  const profiles = new Profiles(context.configDirectory)
  const names = profiles.list()
  const inUse = chosen(context)
  const rows = names.map((name) => {
    const uses = [...(name === inUse ? ["here"] : []), ...(name === profiles.default() ? ["default"] : [])]
    const profile = profiles.findReadable(name)
    if (profile === undefined) {
      return { name, uses, kind: "not usable", endpoint: null, workspaceCRN: null, clientId: null }
    }
    const { apiKey, clientId, endpoint, workspaceCRN } = profile
    return { name, uses, kind: apiKey === undefined ? "device" : "client", endpoint, workspaceCRN, clientId }
  })
  await printRows(context, columns, rows)
  if (names.length === 0) context.note("there is no profile yet\n  try: halfkey up, or halfkey login")
  if (rows.some(({ kind }) => kind === "not usable")) context.warn("a profile is not usable\n  try: halfkey doctor")
  return undefined
}

/** Settings that do not fit together must not hide the list that helps to mend them. */
function chosen(context: Context): string | undefined {
  try {
    return context.settings().profile?.value
  } catch {
    return undefined
  }
}
