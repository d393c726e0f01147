/** `halfkey rollback`: the value of an earlier version, written again as a new one. */
import { requireSecretName } from "@halfkey/core/formats/secret-name"
import { unwrap } from "halfkey/secrets"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { nameFrom } from "../input/name.ts"
import { wholeNumberFlag } from "../input/number.ts"

export interface RollbackOptions {
  readonly name: string
  readonly to: number | undefined
}

export const definition: CommandDefinition<RollbackOptions> = {
  environments: "one",
  about: `Without --to: the value before the newest one, or what was deleted. Nothing is taken away: it becomes a new version, and
only if nobody else writes meanwhile (exit 5). A deleted secret comes back.`,
  examples: [
    { does: "undo the last change, or the deletion", line: "halfkey rollback DATABASE_URL -e production" },
    { does: "the value of a version", line: "halfkey rollback DATABASE_URL --to 3 -e production" },
  ],
  define: (command) => {
    command
      .argument("[name]", "name of the secret")
      .option("-n, --name <name>", "the name, as an option")
      .option("--to <version>", "the version whose value comes back; `halfkey history` lists them")
  },
  read: ([argument], flags) => ({ name: nameFrom(argument, flags), to: wholeNumberFlag(flags, "to", "--to") }),
}

export async function run(context: Context, { name, to }: RollbackOptions): Promise<undefined> {
  requireSecretName(name)
  const environment = context.environment()
  const secrets = await context.secrets()
  const { version } = unwrap(await secrets.rollback(name, { environment, to }))
  const which = to === undefined ? "its earlier value" : `the value of version ${to}`
  context.note(`${name} has ${which} again in ${environment} (version ${version})`)
  return undefined
}
