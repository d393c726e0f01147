/** `halfkey set`: seals a value on this machine and writes it as the next version. */
import { requireSecretName } from "@halfkey/core/formats/secret-name"
import { unwrap } from "halfkey/secrets"
import { type CommandDefinition, textFlag } from "../command.ts"
import type { Context } from "../context.ts"
import { nameFrom } from "../input/name.ts"
import { wholeNumberFlag } from "../input/number.ts"
import { readValue, type ValueOptions } from "../input/value.ts"

export interface SetOptions extends ValueOptions {
  readonly name: string
  readonly ifVersion?: number | undefined
}

export const definition: CommandDefinition<SetOptions> = {
  environments: "one",
  about: `Without a value the command asks for it, hidden; what is pasted may have several lines. From a pipe or a file it
takes the bytes as they are, with one exception: the newline at the end of a single line from a pipe is removed, so
that \`echo value |\` does what is meant. --value-file and --keep-newline remove nothing.`,
  examples: [
    { does: "ask for the value, hidden", line: "halfkey set DATABASE_URL -e development" },
    { does: "take it from another program", line: "openssl rand -hex 32 | halfkey set SESSION_KEY -e production" },
    { does: "take the exact bytes of a file", line: "halfkey set TLS_KEY -e production --value-file key.pem" },
    { does: "write only if nobody else did since version 3", line: "halfkey set API_TOKEN -e staging --if-version 3" },
  ],
  define: (command) => {
    command
      .argument("[name]", "name of the secret")
      .option("-n, --name <name>", "the name, as an option")
      .option("-V, --value <value>", "the value itself: stays in the shell's history")
      .option("--value-file <file>", "exact bytes of a file; - for stdin")
      .option("--keep-newline", "keep the newline at the end of a single line from stdin")
      .option("--allow-empty", "take an empty stdin or answer as the empty value")
      .option("--if-version <version>", "write only if this is the current version; 0: only if it does not exist")
  },
  read: ([argument], flags) => ({
    name: nameFrom(argument, flags),
    value: textFlag(flags, "value"),
    valueFile: textFlag(flags, "valueFile"),
    keepNewline: flags["keepNewline"] === true,
    allowEmpty: flags["allowEmpty"] === true,
    ifVersion: wholeNumberFlag(flags, "ifVersion", "--if-version"),
  }),
}

export async function run(context: Context, options: SetOptions): Promise<undefined> {
  const { name, ifVersion } = options
  requireSecretName(name)
  const environment = context.environment()
  // A missing setting is told before the person types a value.
  context.connection()
  const value = await readValue(context, name, options)
  const secrets = await context.secrets()
  const { version } = unwrap(await secrets.set(name, value, { environment, ifVersion }))
  value.fill(0)
  context.note(`${name} is now version ${version} in ${environment}`)
  return undefined
}
