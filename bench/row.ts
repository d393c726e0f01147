/** A row of the table: one figure, what it is compared with, and the bar that the design sets for it. */
import type { Comparison } from "./measure.ts"

/** What the design asks for: of the ratio, of the figure itself, or of how far it exceeds the baseline. */
export interface Bar {
  readonly of: "ratio" | "measured" | "difference"
  readonly atLeast?: number
  readonly atMost?: number
}

export interface Row extends Comparison {
  /** Name of the bench, and which of its figures this is. */
  readonly row: string
  readonly what: string
  readonly unit: Unit
  readonly baselineIs: string
  /** Absent: the figure explains another row. */
  readonly bar?: Bar
  readonly note?: string
}

export type Unit = "per second" | "ms" | "µs" | "MB" | "KB"

export type Verdict = "ok" | "below" | ""

export function verdictOf({ bar, ...figures }: Row): Verdict {
  if (bar === undefined) return ""
  const figure = figures[bar.of]
  return figure >= (bar.atLeast ?? 0) && figure <= (bar.atMost ?? Number.POSITIVE_INFINITY) ? "ok" : "below"
}

/** `≥ 60 %` of a ratio, `≤ 3 ms` of a figure, `+ ≤ 10 ms` of a difference. */
function barText({ bar, unit }: Row): string {
  if (bar === undefined) return ""
  const limit = bar.atLeast ?? bar.atMost ?? 0
  const sign = bar.atLeast !== undefined ? "≥" : "≤"
  if (bar.of === "ratio") return `${sign} ${ratioText(limit, unit)}`
  return `${bar.of === "difference" ? "+ " : ""}${sign} ${figureText(limit, unit)}`
}

/** The table as lines of text. */
export function tableOf(rows: readonly Row[]): string {
  const cells = [
    ["row", "what", "measured", "baseline", "", "ratio", "(range)", "bar", "verdict"],
    ...rows.map((row) => [
      row.row,
      row.what,
      row.bar?.of === "difference" ? differenceText(row) : figureText(row.measured, row.unit),
      figureText(row.baseline, row.unit),
      row.baselineIs,
      ratioText(row.ratio, row.unit),
      row.ratioRange[0] === row.ratioRange[1]
        ? ""
        : `(${row.ratioRange.map((ratio) => ratioText(ratio, row.unit)).join(" – ")})`,
      barText(row),
      verdictOf(row),
    ]),
  ]
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)))
  const lines = cells.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  )
  lines.splice(1, 0, widths.map((width) => "─".repeat(width)).join("──"))
  return [...lines, ...rows.flatMap(({ note, row }) => (note === undefined ? [] : [`${row}: ${note}`]))].join("\n")
}

function differenceText({ difference, measured, unit }: Row): string {
  return `${figureText(measured, unit)} (+ ${figureText(difference, unit)})`
}

function figureText(figure: number, unit: Unit): string {
  if (unit === "per second") return `${Math.round(figure).toLocaleString("en-US")}/s`
  return `${figure.toFixed(figure < 10 ? 2 : figure < 100 ? 1 : 0)} ${unit}`
}

/** Rates are shares of the baseline, in per cent; of costs it is told how many times the baseline they are. */
function ratioText(ratio: number, unit: Unit): string {
  return unit === "per second" ? `${Math.round(ratio * 100)} %` : `${ratio.toFixed(2)} ×`
}
