/** `halfkey version`: offline. With `--check` it looks at what the repository demands; its own server is asked by `--server` only. */

import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { findDemands } from "../demands/demands.ts"
import { compareVersions } from "../demands/version-range.ts"
import { usageError } from "../failure.ts"
import { printData, printRows, type Row, visible } from "../output/formats.ts"
import { UnconfirmedEndpoint } from "../settings/trust.ts"
import { protocol, version } from "../version.ts"

export interface VersionOptions {
  readonly check: boolean
  readonly server: boolean
}

export const definition: CommandDefinition<VersionOptions> = {
  environments: "none",
  compares: true,
  formats: ["table", "json", "yaml", "tsv"],
  about: `Asks nobody. --check compares this command and the halfkey package with what halfkey.json ("requires") and package.json of
the repository demand, without a network. With --server, the server of your settings is asked for its version as well, where it
can be reached; no registry is ever asked. The exit code is 8 where something does not fit.`,
  examples: [
    { does: "the version", line: "halfkey version" },
    { does: "with the runtime, as JSON", line: "halfkey version -o json" },
    { does: "whether it fits the repository", line: "halfkey version --check" },
    { does: "and the server", line: "halfkey version --check --server" },
  ],
  define: (command) => {
    command
      .option("--check", "compare with what the repository demands")
      .option("--server", "with --check: ask the server for its version, too")
  },
  read: (_, flags) => {
    const [check, server] = [flags["check"] === true, flags["server"] === true]
    if (server && !check) throw usageError("--server belongs to --check", "halfkey version --check --server")
    return { check, server }
  },
}

const columns = [
  { key: "part", title: "PART" },
  { key: "found", title: "FOUND" },
  { key: "demanded", title: "DEMANDED" },
  { key: "by", title: "BY" },
  { key: "state", title: "STATE" },
]

export async function run(context: Context, { check, server }: VersionOptions): Promise<number | undefined> {
  if (check) return await compare(context, server)
  const { output } = context.options
  if (output === "json" || output === "yaml") {
    await printData(context, { version, protocol, node: process.versions.node, platform: process.platform })
  } else context.streams.out(`${version}\n`)
  return undefined
}

async function compare(context: Context, server: boolean): Promise<number> {
  const rows: Row[] = findDemands(context.cwd).map(({ by, found, part, range, state }) => ({
    part,
    found: found ?? null,
    demanded: range,
    by,
    state,
  }))
  if (!rows.some(({ part }) => part === "cli")) {
    rows.unshift({ part: "cli", found: version, demanded: null, by: null, state: "ok" })
  }
  const all = server ? [...rows, await serverRow(context)] : rows
  await printRows(context, columns, all)
  const wrong = all.filter(({ state }) => state === "does not fit" || state === "not installed")
  for (const { by, demanded, found, part, state } of wrong) {
    const what = state === "not installed" ? "is not installed" : `is ${found}`
    const told =
      part === "server"
        ? `the server at ${by} ${what}, and does not speak ${demanded}`
        : `${part} ${what}, and ${by} demands ${demanded}`
    context.warn(`${visible(told)}\n  try: ${remedies[String(part)]}`)
  }
  return wrong.length === 0 ? 0 : 8
}

const remedies: Readonly<Record<string, string>> = {
  cli: "install that version of @halfkey/cli",
  sdk: "npm install   (in the repository)",
  server: "install a version of halfkey that fits the server",
}

/** Its version is of interest, the protocol decides. */
async function serverRow(context: Context): Promise<Row> {
  const row = { part: "server", found: null, demanded: protocol, by: null }
  try {
    const { data, failure } = await (await context.admin()).health()
    const by = context.connection().endpoint
    if (failure !== undefined) return { ...row, by, state: "not reached" }
    if (!data.protocols.includes(protocol)) return { ...row, by, found: data.version, state: "does not fit" }
    return { ...row, by, found: data.version, state: ageOf(data.version) }
  } catch (error) {
    if (error instanceof UnconfirmedEndpoint) return { ...row, by: error.endpoint.value, state: "not confirmed" }
    if (error instanceof HalfkeyError) return { ...row, state: "none configured" }
    throw error
  }
}

function ageOf(server: string): string {
  try {
    const order = compareVersions(server, version)
    return order === 0 ? "ok" : order > 0 ? "ok, newer" : "ok, older"
  } catch {
    // Its version is whatever it says.
    return "ok"
  }
}
