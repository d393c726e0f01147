/** `halfkey get`: the bare value of one secret. */
import { requireSecretName } from "@halfkey/core/formats/secret-name"
import { unwrap } from "halfkey/secrets"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { nameFrom } from "../input/name.ts"
import { wholeNumberFlag } from "../input/number.ts"

export interface GetOptions {
  readonly name: string
  readonly version?: number | undefined
}

export const definition: CommandDefinition<GetOptions> = {
  environments: "one",
  onlyReads: true,
  usesCache: true,
  about: "Prints exactly the bytes that were stored; on a terminal, a newline follows.",
  examples: [
    { does: "print a value", line: "halfkey get DATABASE_URL -e development" },
    {
      does: "write a key file that only you can read",
      line: "(umask 077; halfkey get TLS_KEY -e production > key.pem)",
    },
    { does: "print what it was before", line: "halfkey get DATABASE_URL -e development --version-number 2" },
  ],
  define: (command) => {
    command
      .argument("[name]", "name of the secret")
      .option("-n, --name <name>", "the name, as an option")
      .option("--version-number <version>", "an earlier version")
  },
  read: ([argument], flags) => ({
    name: nameFrom(argument, flags),
    version: wholeNumberFlag(flags, "versionNumber", "--version-number"),
  }),
}

export async function run(context: Context, { name, version }: GetOptions): Promise<undefined> {
  requireSecretName(name)
  const environment = context.environment()
  const secrets = await context.secrets()
  const value =
    version === undefined
      ? unwrap(await secrets.getBytes(name, { environment }))
      : unwrap(await secrets.getVersion(name, version, { environment })).value
  context.streams.out(value)
  if (context.streams.stdoutIsTerminal && value.at(-1) !== 0x0a) context.streams.out("\n")
  value.fill(0)
  return undefined
}
