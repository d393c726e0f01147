/** `halfkey export`: the secrets of an environment as a file for others, in a format that holds them exactly or not at all. */
import { requireSecretName } from "@halfkey/core/formats/secret-name"
import { unwrap } from "halfkey/secrets"
import { type CommandDefinition, textFlag } from "../command.ts"
import type { Context } from "../context.ts"
import { usageError } from "../failure.ts"
import { type ExportFormat, exported, exportFormats } from "../move/export-formats.ts"

export interface ExportOptions {
  readonly names: readonly string[]
  readonly format: ExportFormat
}

export const definition: CommandDefinition<ExportOptions> = {
  environments: "one",
  onlyReads: true,
  usesCache: true,
  about: `Prints the values of all secrets, or of the named ones.

env: export lines for a POSIX shell, for eval. A name that changes how shells and programs load, such as PATH, is
refused unless it is named.
dotenv: for dotenv and Docker Compose, which read it alike.
docker: for docker run --env-file, which knows no quotes.
json, yaml: one object of names and values, which are text, always.

What a format cannot hold exactly, such as bytes that are no UTF-8 text in json, or a name with a slash in dotenv, is refused by name
with exit code 7, and nothing is printed: halfkey get prints the bytes of one secret.`,
  examples: [
    { does: "into the variables of this shell", line: 'eval "$(halfkey export -e development)"' },
    {
      does: "to a file that only you can read",
      line: "(umask 077; halfkey export -e development --format dotenv > .env)",
    },
    { does: "two secrets as JSON", line: "halfkey export DATABASE_URL API_TOKEN -e staging --format json" },
  ],
  define: (command) => {
    command
      .argument("[names...]", "only these secrets")
      .option("--format <format>", `${exportFormats.join(", ")} (default: env)`)
  },
  read: ([names], flags) => ({
    names: Array.isArray(names) ? [...new Set(names.map(String))] : [],
    format: formatFrom(textFlag(flags, "format") ?? "env"),
  }),
}

function formatFrom(text: string): ExportFormat {
  const format = exportFormats.find((known) => known === text)
  if (format !== undefined) return format
  throw usageError(`there is no format ${JSON.stringify(text)}`, `--format ${exportFormats.join("|")}`)
}

export async function run(context: Context, { format, names }: ExportOptions): Promise<undefined> {
  for (const name of names) requireSecretName(name)
  const environment = context.environment()
  const secrets = await context.secrets()
  const found = unwrap(
    await (names.length === 0 ? secrets.readAll({ environment }) : secrets.readMany(names, { environment })),
  )
  if (found.length === 0) context.note(`there are no secrets in ${environment}`)
  const output = await exported(found, format, new Set(names))
  context.streams.out(output)
  for (const bytes of [output, ...found.map(({ value }) => value)]) bytes.fill(0)
  return undefined
}
