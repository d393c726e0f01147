/** `halfkey diff`: what is different between environments, an environment and a file, or versions of a secret. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { fromUtf8 } from "@halfkey/core/primitives/bytes"
import { type CommandDefinition, textFlag } from "../command.ts"
import type { Context } from "../context.ts"
import { compareSecrets } from "../move/changes.ts"
import { sourceFormatFrom } from "../move/read-file.ts"
import { type Comparison, comparisonFrom, readSides, type Side } from "../move/sides.ts"
import { sourceFormats } from "../move/source.ts"
import { isPlain, printRows } from "../output/formats.ts"

export interface DiffOptions {
  readonly comparison: Comparison
  readonly show: boolean
}

/** Of the product's table: differences were found. */
const differencesExit = 8

export const definition: CommandDefinition<DiffOptions> = {
  environments: "one",
  onlyReads: true,
  compares: true,
  formats: ["table", "json", "yaml", "tsv"],
  about: `Lists the names that are added, changed or removed on the way from the first side to the second, and no values unless
--show. Values are opened and compared here, byte for byte. Exit code 8 says that there are differences, 0 that there are none.

Of a file, what is said about halfkey import holds: dotenv, JSON or YAML, by its name or --format.`,
  examples: [
    { does: "two environments", line: "halfkey diff staging production" },
    { does: "an environment and a file", line: "halfkey diff -e development --file .env" },
    {
      does: "two versions, with their values",
      line: "halfkey diff -e production DATABASE_URL@1 DATABASE_URL@2 --show",
    },
    { does: "a version and the current one", line: "halfkey diff -e production DATABASE_URL@1" },
  ],
  define: (command) => {
    command
      .argument("[sides...]", "two environments, or NAME@VERSION once or twice")
      .option("--file <file>", "compare the environment with this file; - for stdin")
      .option("--format <format>", `of the file: ${sourceFormats.join(", ")}`)
      .option("--show", "show values")
  },
  read: ([sides], flags) => ({
    comparison: comparisonFrom(
      Array.isArray(sides) ? sides.map(String) : [],
      textFlag(flags, "file"),
      sourceFormatFrom(flags),
    ),
    show: flags["show"] === true,
  }),
}

export async function run(context: Context, { comparison, show }: DiffOptions): Promise<number> {
  const [from, to] = await readSides(context, comparison)
  const target = new Map([...from.values].map(([name, value]) => [name, { value }]))
  const changes = compareSecrets(to.values, target).filter(({ kind }) => kind !== "same")
  if (changes.length === 0) {
    context.note(`${from.title} and ${to.title} are the same`)
    return 0
  }
  const rows = changes.map(({ kind, name }) => ({
    name,
    change: kind,
    ...(show && { from: textOf(context, from, name), to: textOf(context, to, name) }),
  }))
  const columns = ["name", "change"].map((key) => ({ key, title: key.toUpperCase() }))
  const values = show
    ? [
        { key: "from", title: from.title },
        { key: "to", title: to.title },
      ]
    : []
  await printRows(context, [...columns, ...values], rows)
  return differencesExit
}

/** `null` where there is none. Only a table, which nobody reads back, may say something else than the value. */
function textOf(context: Context, { values }: Side, name: string): string | null {
  const value = values.get(name)
  if (value === undefined) return null
  try {
    return fromUtf8(value)
  } catch {
    if (!isPlain(context) && (context.options.output ?? "table") === "table")
      return `(${value.length} bytes that are no text)`
    const format = context.options.output ?? "text"
    throw new HalfkeyError("lossy_format", `the format ${format} cannot hold ${name}: its value is no UTF-8 text`, {
      hint: "the same with -o table, or without --show",
    })
  }
}
