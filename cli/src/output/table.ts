/** Columns of text, aligned by what a terminal shows. */

const bold = (value: string) => `\u{1b}[1m${value}\u{1b}[22m`

/** Pads every column but the last to its widest cell. With `bold`, the first row is a heading in bold type. */
export function renderTable(rows: readonly (readonly string[])[], style: { readonly bold?: boolean } = {}): string {
  const widths: number[] = []
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, width(cell))
  }
  return rows
    .map((row, number) => {
      const line = row.map((cell, index) => cell + " ".repeat((widths[index] ?? 0) - width(cell))).join("  ")
      return `${style.bold && number === 0 ? bold(line.trimEnd()) : line.trimEnd()}\n`
    })
    .join("")
}

/** Whether every line of `renderTable` fits into a terminal. */
export function fits(rows: readonly (readonly string[])[], columns: number): boolean {
  const widest = renderTable(rows).split("\n").map(width)
  return Math.max(...widest) <= columns
}

/** For terminals that are too narrow for a table: a paragraph for each row, a line for each cell that is not empty. */
export function renderParagraphs(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  style: { readonly bold?: boolean } = {},
): string {
  const widest = Math.max(...headings.map(width))
  const heading = (text: string) => `${style.bold ? bold(text) : text}${" ".repeat(widest - width(text))}`
  const paragraphs = rows.map((row) =>
    row.flatMap((cell, index) => (cell === "" ? [] : [`${heading(headings[index] ?? "")}  ${cell}\n`])).join(""),
  )
  return paragraphs.join("\n")
}

/** Code points, with wide East Asian characters and emoji as two. */
function width(text: string): number {
  let columns = 0
  for (const character of text)
    columns +=
      /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/u.test(
        character,
      )
        ? 2
        : 1
  return columns
}
