/** `halfkey config trust list|revoke`: the servers that only a halfkey.json named, and that the person said yes to. */
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { usageError } from "../failure.ts"
import { printRows } from "../output/formats.ts"
import { withdrawTrust } from "../settings/remember-trust.ts"
import { loadTrust } from "../settings/trust.ts"

export interface ConfigTrustOptions {
  /** Of the server to revoke; without one, all are listed. */
  readonly origin?: string | undefined
}

export const definition: CommandDefinition<ConfigTrustOptions> = {
  environments: "none",
  formats: ["table", "json", "yaml", "tsv"],
  about: `A halfkey.json is committed, so it alone does not decide who gets your credentials: where no flag, variable or profile says the
same, a command at a terminal shows the server and what would go there, and asks. A yes holds for that workspace and that server,
wherever the file lies; when the file names another server, you are asked again. Without a terminal, with --no-input and with -y,
nothing is sent.`,
  examples: [
    { does: "the servers that you confirmed", line: "halfkey config trust list" },
    { does: "ask again before anything goes there", line: "halfkey config trust revoke https://halfkey.example.com" },
  ],
  define: (command) => {
    command.argument("[action]", "list or revoke").argument("[server]", "to revoke: its URL")
  },
  read: ([action = "list", server]) => {
    if (action === "list" && server === undefined) return {}
    if (action === "list") throw usageError("list takes no server", "halfkey config trust revoke URL")
    if (action !== "revoke") {
      throw usageError(`there is no config trust ${JSON.stringify(action)}`, "halfkey config trust list, or revoke URL")
    }
    if (typeof server !== "string") throw usageError("no server was named", "halfkey config trust revoke URL")
    return { origin: originOf(server) }
  },
}

const columns = [
  { key: "origin", title: "SERVER" },
  { key: "workspaceCRN", title: "WORKSPACE" },
  { key: "since", title: "SINCE" },
]

export async function run(context: Context, { origin }: ConfigTrustOptions): Promise<undefined> {
  const { configDirectory } = context
  if (origin === undefined) {
    const entries = loadTrust(configDirectory)
    await printRows(
      context,
      columns,
      entries.map(({ origin, since, workspaceCRN }) => ({ origin, workspaceCRN, since })),
    )
    if (entries.length === 0) context.note("no server was confirmed on this machine")
    return undefined
  }
  const withdrawn = withdrawTrust(configDirectory, (entry) => entry.origin === origin)
  if (withdrawn.length === 0) {
    const known = [...new Set(loadTrust(configDirectory).map((entry) => entry.origin))]
    throw usageError(
      `${origin} is none of the confirmed servers`,
      known.map((each) => `halfkey config trust revoke ${each}`).join("\n") || "halfkey config trust list",
    )
  }
  context.note(`${origin} is confirmed no more: the next command at a terminal asks, others send nothing there`)
  return undefined
}

function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === "https:" || url?.protocol === "http:") return url.origin
  throw usageError("that is no URL of a server", "halfkey config trust list, and one of its servers")
}
