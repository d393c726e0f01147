/** `-o`: one table or one record of facts, in the format that was asked for. Data only: it goes to stdout. */
import type { Context } from "../context.ts"
import { fits, renderParagraphs, renderTable } from "./table.ts"

export const outputFormats = ["table", "json", "yaml", "env", "tsv"] as const
export type OutputFormat = (typeof outputFormats)[number]

export type Cell = string | number | boolean | null | readonly string[]
export type Row = Readonly<Record<string, Cell>>

export interface Column {
  /** Name of the field in JSON and YAML. */
  readonly key: string
  /** Heading of the table. */
  readonly title: string
}

/** Prints rows: an aligned table on a terminal, paragraphs where it does not fit (but a `log` stays one row a line); otherwise, or with `--plain`, lines with tabs and no heading. */
export async function printRows(
  context: Context,
  columns: readonly Column[],
  rows: readonly Row[],
  layout: "table" | "log" = "table",
): Promise<void> {
  const format = context.options.output
  if (format === "json" || format === "yaml") return printData(context, rows)
  if (format === "tsv") return context.streams.out(separated([columns.map(({ key }) => key), ...cells(columns, rows)]))
  if (isPlain(context)) return context.streams.out(separated(cells(columns, rows)))
  const heading = columns.map(({ title }) => title)
  const printable = cells(columns, rows).map((row) => row.map(visible))
  const style = { bold: context.streams.colors }
  const { columns: room, stdoutIsTerminal } = context.streams
  // Lines that a terminal breaks where it likes are hard to read; nothing is cut, since ids are there to be copied.
  const isNarrow =
    layout === "table" &&
    stdoutIsTerminal &&
    room !== undefined &&
    rows.length > 0 &&
    !fits([heading, ...printable], room)
  context.streams.out(
    isNarrow ? renderParagraphs(heading, printable, style) : renderTable([heading, ...printable], style),
  )
}

/** Prints one record: a field a line, or an object in JSON and YAML. */
export async function printRecord(context: Context, columns: readonly Column[], record: Row): Promise<void> {
  const format = context.options.output
  if (format === "json" || format === "yaml") return printData(context, record)
  if (format === "tsv" || isPlain(context)) {
    return context.streams.out(separated(columns.map(({ key }) => [key, text(record[key])])))
  }
  context.streams.out(renderTable(columns.map(({ key, title }) => [`${title}:`, visible(text(record[key]))])))
}

/** Prints any data as JSON or YAML. */
export async function printData(context: Context, data: unknown): Promise<void> {
  if (context.options.output === "yaml") {
    const { stringify } = await import("yaml")
    context.streams.out(stringify(data, { lineWidth: 0 }))
  } else {
    context.streams.out(`${JSON.stringify(data, undefined, 2)}\n`)
  }
}

/** Whether a table is to be without heading, padding and colour: for other programs. */
export function isPlain(context: Context): boolean {
  if (context.options.plain === true) return true
  return context.options.output === undefined && !context.streams.stdoutIsTerminal
}

/** Lines of fields with tabs between them; `\`, tab, newline and carriage return inside a field become escapes. */
export function separated(rows: readonly (readonly string[])[]): string {
  const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" }
  const field = (value: string) => value.replace(/[\\\t\n\r]/g, (character) => escapes[character] ?? character)
  return rows.map((row) => `${row.map(field).join("\t")}\n`).join("")
}

function cells(columns: readonly Column[], rows: readonly Row[]): string[][] {
  return rows.map((row) => columns.map(({ key }) => text(row[key])))
}

function text(cell: Cell | undefined): string {
  if (cell === null || cell === undefined) return ""
  return typeof cell === "object" ? cell.join(",") : String(cell)
}

/** A name or label from the server must not move the cursor or colour the screen. */
export function visible(value: string): string {
  return value.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\u{fffd}")
}
