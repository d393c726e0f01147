/** `halfkey diff`: what is different between environments, an environment and a file, or versions of a secret. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { fromUtf8 } from "@halfkey/core/primitives/bytes"
import { type CommandDefinition, textFlag } from "../command.ts"
import type { Context } from "../context.ts"
import { compareSecrets } from "../move/changes.ts"
import { sourceFormatFrom } from "../move/read-file.ts"
import { type Comparison, comparisonFrom, readSides, type Side } from "../move/sides.ts"
import { sourceFormats } from "../move/source.ts"
import { isPlain, printRows, visible } from "../output/formats.ts"
import { type DiffLine, lineDiff } from "../output/line-diff.ts"

export interface DiffOptions {
  readonly comparison: Comparison
  readonly show: boolean
}

/** Of the product's table: differences were found. */
const differencesExit = 8

export const definition: CommandDefinition<DiffOptions> = {
  environments: "one",
  onlyReads: true,
  usesCache: true,
  compares: true,
  formats: ["table", "json", "yaml", "tsv"],
  about: `Lists the names that are added, changed or removed on the way from the first side to the second, and no values unless
--show, which shows values of several lines line by line. Values are opened and compared here, byte for byte. Exit code 8 says that there are differences, 0 that there are none.

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
  const isRead = !isPlain(context) && (context.options.output ?? "table") === "table"
  const texts = changes.map(({ kind, name }) => ({
    name,
    change: kind,
    from: show ? textOf(context, from, name) : null,
    to: show ? textOf(context, to, name) : null,
  }))
  // Only a person gets lines: other programs get whole values.
  const ofLines = isRead ? texts.filter((each) => [each.from, each.to].some((text) => text?.includes("\n"))) : []
  const rows = texts.map((each) => ({
    name: each.name,
    change: each.change,
    ...(show &&
      (ofLines.includes(each) ? { from: linesIn(each.from), to: linesIn(each.to) } : { from: each.from, to: each.to })),
  }))
  const columns = ["name", "change"].map((key) => ({ key, title: key.toUpperCase() }))
  const values = show
    ? [
        { key: "from", title: from.title },
        { key: "to", title: to.title },
      ]
    : []
  await printRows(context, [...columns, ...values], rows)
  for (const each of ofLines) {
    const lines = lineDiff(each.from ?? "", each.to ?? "").map((line) => lineOf(line, context.streams.colors))
    context.streams.out(`\n${each.name}, from ${from.title} to ${to.title}\n${lines.join("")}`)
  }
  return differencesExit
}

function linesIn(text: string | null): string | null {
  return text === null ? null : `(${text.replace(/\n$/, "").split("\n").length} lines, below)`
}

function lineOf({ mark, text }: DiffLine, colored: boolean): string {
  const line = `  ${mark} ${visible(text)}`.trimEnd()
  const color = colored && mark === "-" ? 31 : colored && mark === "+" ? 32 : undefined
  return color === undefined ? `${line}\n` : `\u{1b}[${color}m${line}\u{1b}[39m\n`
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
