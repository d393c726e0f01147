/** The one environment that a command is about, by its name or id as an argument. */
import type { CommandDefinition } from "../command.ts"

export interface NamedEnvironment {
  readonly name: string
}

/** What commands about one environment have in common. */
export const namedEnvironment: Pick<CommandDefinition<NamedEnvironment>, "environments" | "define" | "read"> = {
  environments: "none",
  define: (command) => {
    command.argument("<name>", "of the environment")
  },
  read: ([name]) => ({ name: String(name) }),
}
