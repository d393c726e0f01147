/** `halfkey version`: offline. */
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { printData } from "../output/formats.ts"
import { version } from "../version.ts"

export const definition: CommandDefinition<undefined> = {
  environments: "none",
  formats: ["table", "json", "yaml"],
  about: "Asks no server: `halfkey doctor` shows the server's version.",
  examples: [
    { does: "the version", line: "halfkey version" },
    { does: "with the runtime, as JSON", line: "halfkey version -o json" },
  ],
  define: () => {},
  read: () => undefined,
}

export async function run(context: Context): Promise<undefined> {
  const { output } = context.options
  if (output === "json" || output === "yaml") {
    await printData(context, {
      version,
      protocol: "halfkey/v1",
      node: process.versions.node,
      platform: process.platform,
    })
  } else context.streams.out(`${version}\n`)
  return undefined
}
