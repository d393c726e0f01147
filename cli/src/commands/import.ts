/** `halfkey import`: many secrets at once, from a file, a pipe or another environment: shown first, then one commit. */
import { unwrap } from "halfkey/secrets"
import { type CommandDefinition, textFlag } from "../command.ts"
import type { Context } from "../context.ts"
import { usageError } from "../failure.ts"
import { applyChanges } from "../move/apply-changes.ts"
import { readSecretsFile, sourceFormatFrom } from "../move/read-file.ts"
import { type SourceFormat, sourceFormats } from "../move/source.ts"

export interface ImportOptions {
  readonly file: string | undefined
  readonly fromEnvironment: string | undefined
  readonly format: SourceFormat | undefined
  readonly dryRun: boolean
  readonly prune: boolean
}

export const definition: CommandDefinition<ImportOptions> = {
  environments: "one",
  formats: ["table", "json", "yaml", "tsv"],
  about: `Reads FILE, or stdin for - and in a pipe: dotenv, as the package dotenv reads it, or an object of names and values in JSON
or YAML, as the file's name says. Numbers and booleans become text as they are written. Everything that is wrong with the
file is listed at once, with its lines, and nothing is sent then.

Then it shows what would be added or changed, names only, and asks; -y answers. All is written, or nothing is, and only
over what was seen. What only the environment has stays, unless --prune deletes it.`,
  examples: [
    { does: "move from a .env file", line: "halfkey import .env -e development" },
    { does: "only show what would change", line: "halfkey import .env -e development --dry-run" },
    { does: "from another program", line: "sops -d secrets.yaml | halfkey import --format yaml -e staging -y" },
    { does: "from another environment", line: "halfkey import --from-environment staging -e production" },
  ],
  define: (command) => {
    command
      .argument("[file]", "the file; - for stdin")
      .option("--format <format>", `${sourceFormats.join(", ")} (default: by the file's name, else dotenv)`)
      .option("--from-environment <name>", "another environment instead of a file")
      .option("--dry-run", "only show what would change")
      .option("--prune", "delete from the environment what the source has not")
  },
  read: ([file], flags) => {
    const fromEnvironment = textFlag(flags, "fromEnvironment")
    const format = sourceFormatFrom(flags)
    if (fromEnvironment !== undefined && (typeof file === "string" || format !== undefined)) {
      throw usageError("name either a file or --from-environment", "halfkey import --help")
    }
    return {
      file: typeof file === "string" ? file : undefined,
      fromEnvironment,
      format,
      dryRun: flags["dryRun"] === true,
      prune: flags["prune"] === true,
    }
  },
}

export async function run(context: Context, options: ImportOptions): Promise<undefined> {
  const { dryRun, prune } = options
  const environment = context.environment()
  context.connection()
  const values = await sourceValues(context, environment, options)
  const secrets = await context.secrets()
  await applyChanges(context, secrets, { environment, values, prune, dryRun })
  return undefined
}

async function sourceValues(
  context: Context,
  environment: string,
  { file, format, fromEnvironment }: ImportOptions,
): Promise<ReadonlyMap<string, Uint8Array>> {
  if (fromEnvironment === undefined) {
    if (file !== undefined || !context.streams.stdinIsTerminal) {
      return await readSecretsFile(context, file ?? "-", format)
    }
    throw usageError("nothing was named to import", `halfkey import .env -e ${environment}`)
  }
  if (fromEnvironment === environment) {
    throw usageError(`${environment} is both the source and the target`, "-e with another environment")
  }
  const secrets = await context.secrets()
  const found = unwrap(await secrets.readAll({ environment: fromEnvironment }))
  if (found.length === 0) throw usageError(`there are no secrets in ${fromEnvironment}, so nothing was changed`)
  return new Map(found.map(({ name, value }) => [name, value]))
}
