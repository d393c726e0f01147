/** `halfkey delete`: seals a tombstone as the next version. Earlier versions stay in the history. */
import { requireSecretName } from "@halfkey/core/formats/secret-name"
import { unwrap } from "halfkey/secrets"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { requireConfirmation } from "../input/confirm.ts"
import { nameFrom } from "../input/name.ts"
import { wholeNumberFlag } from "../input/number.ts"

export interface DeleteOptions {
  readonly name: string
  readonly ifVersion?: number | undefined
}

export const definition: CommandDefinition<DeleteOptions> = {
  environments: "one",
  about: "Asks first; -y answers the question. Earlier versions stay in the history.",
  examples: [
    { does: "delete after a question", line: "halfkey delete OLD_TOKEN -e development" },
    { does: "delete in a script", line: "halfkey delete OLD_TOKEN -e development -y" },
  ],
  define: (command) => {
    command
      .argument("[name]", "name of the secret")
      .option("-n, --name <name>", "the name, as an option")
      .option("--if-version <version>", "delete only if this is the current version")
  },
  read: ([argument], flags) => ({
    name: nameFrom(argument, flags),
    ifVersion: wholeNumberFlag(flags, "ifVersion", "--if-version"),
  }),
}

export async function run(context: Context, { name, ifVersion }: DeleteOptions): Promise<undefined> {
  requireSecretName(name)
  const environment = context.environment()
  context.connection()
  await requireConfirmation(context, `Delete ${name} from ${environment}?`, `${name} was not deleted`)
  const secrets = await context.secrets()
  const { version } = unwrap(await secrets.delete(name, { environment, ifVersion }))
  context.note(`${name} is deleted from ${environment} (version ${version})`)
  return undefined
}
