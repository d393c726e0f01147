/** `halfkey inject`: a template with the values of secrets in it, to stdout or to a file of our own. */
import { resolve } from "node:path"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { type Secret, type Secrets, unwrap } from "halfkey/secrets"
import { type CommandDefinition, textFlag } from "../command.ts"
import type { Context } from "../context.ts"
import { usageError } from "../failure.ts"
import { InjectedFiles } from "../storage/injected-files.ts"
import { fillTemplate, placesOf } from "../template/placeholders.ts"
import { loadTemplate, shownLines } from "../template/template-file.ts"

export interface InjectOptions {
  readonly inFile: string
  readonly outFile: string | undefined
  readonly force: boolean
}

export const definition: CommandDefinition<InjectOptions> = {
  environments: "one",
  onlyReads: true,
  usesCache: true,
  about: `Writes a template with values in the place of {{ NAME }}: exactly the bytes of each value, without quotes of any kind.
{{{{ stands for {{ itself; everything else is left as it is. Where a name is missing, nothing is written, and all missing
names are told with their lines. Only the secrets that the template names are read.

With -o the file is replaced in one step, readable by you alone (0600). A file that inject did not write, or that was
changed since, is not replaced without --force.`,
  examples: [
    { does: "a configuration file", line: "halfkey inject -i app.yaml.template -o app.yaml -e production" },
    {
      does: "through a pipe, never in a file",
      line: "halfkey inject -i job.yaml -e staging | kubectl apply -f -",
    },
  ],
  define: (command) => {
    command
      .requiredOption("-i, --in-file <file>", "the template; - is stdin")
      .option("-o, --out-file <file>", "write to this file instead of stdout")
      .option("--force", "replace a file that inject did not write")
  },
  read: (_, flags) => {
    const outFile = textFlag(flags, "outFile")
    return {
      inFile: textFlag(flags, "inFile") ?? "",
      outFile: outFile === "-" ? undefined : outFile,
      force: flags["force"] === true,
    }
  },
}

export async function run(context: Context, { inFile, outFile, force }: InjectOptions): Promise<undefined> {
  const environment = context.environment()
  const what = inFile === "-" ? "stdin" : inFile
  const template = await loadTemplate(inFile, context.streams, "nothing was written")
  const files = outFile === undefined ? undefined : new InjectedFiles(context.configDirectory)
  if (outFile !== undefined) {
    if (resolve(outFile) === resolve(inFile))
      throw usageError("the template would be replaced by what comes of it", "-o another path")
    files?.requireOurs(outFile, force)
  }
  const places = placesOf(template)
  if (places.size === 0) context.warn(`${what} has no {{ NAME }}: it is written as it is`)
  const found = places.size === 0 ? [] : await read(await context.secrets(), environment, what, places)
  const values = new Map(found.map(({ name, value }) => [name, value]))
  const filled = fillTemplate(template, (name) => values.get(name))
  if (outFile === undefined) context.streams.out(filled)
  else if (files?.write(outFile, filled) === false) {
    context.warn(`${outFile} was written, but not noted as written by inject: the next time needs --force`)
  } else
    context.note(`wrote ${outFile} with ${places.size === 1 ? "1 secret" : `${places.size} secrets`} of ${environment}`)
  return undefined
}

/** Throws `secret_not_found` that names everything that is missing, with its lines. */
async function read(
  secrets: Secrets,
  environment: string,
  what: string,
  places: ReadonlyMap<string, readonly number[]>,
): Promise<readonly Secret[]> {
  const result = await secrets.readMany([...places.keys()], { environment })
  const missing = result.failure?.facts?.["missing"]
  if (result.failure?.code !== "secret_not_found" || !Array.isArray(missing)) return unwrap(result)
  const told = missing.map((name) => `${name} (${shownLines(places.get(String(name)) ?? [])})`).join(", ")
  throw new HalfkeyError(
    "secret_not_found",
    `nothing was written: ${what} names what is not in ${environment}: ${told}`,
    {
      hint: `halfkey list -e ${environment}`,
    },
  )
}
