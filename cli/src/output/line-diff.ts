/** The difference of two texts, line by line, as people read it. */

/** Lines that stay are shown this far around what changes. */
const around = 3
/** Above so many pairs of lines they are not compared one by one: all of the old ones go, all of the new ones come. */
const pairsMax = 4_000_000

type Mark = " " | "-" | "+"

export interface DiffLine {
  readonly mark: Mark | "…"
  readonly text: string
}

/** Common lines far from a change become one line that counts them. */
export function lineDiff(from: string, to: string): readonly DiffLine[] {
  const [before, after] = [linesOf(from), linesOf(to)]
  const all = compare(before.lines, after.lines)
  const shown = shortened(all)
  if (before.isEnded === after.isEnded || from === "" || to === "") return shown
  return [...shown, { mark: after.isEnded ? "+" : "-", text: "(the line end of the last line)" }]
}

function linesOf(text: string): { lines: readonly string[]; isEnded: boolean } {
  if (text === "") return { lines: [], isEnded: false }
  const isEnded = text.endsWith("\n")
  return { lines: (isEnded ? text.slice(0, -1) : text).split("\n"), isEnded }
}

function compare(from: readonly string[], to: readonly string[]): readonly DiffLine[] {
  let start = 0
  while (start < Math.min(from.length, to.length) && from[start] === to[start]) start++
  let end = 0
  const room = Math.min(from.length, to.length) - start
  while (end < room && from[from.length - 1 - end] === to[to.length - 1 - end]) end++
  return [
    ...marked(" ", from.slice(0, start)),
    ...between(from.slice(start, from.length - end), to.slice(start, to.length - end)),
    ...marked(" ", from.slice(from.length - end)),
  ]
}

/** By the longest common subsequence. */
function between(from: readonly string[], to: readonly string[]): readonly DiffLine[] {
  const width = to.length + 1
  if (from.length * to.length > pairsMax) return [...marked("-", from), ...marked("+", to)]
  const lengths = new Uint32Array((from.length + 1) * width)
  const at = (row: number, column: number) => lengths[row * width + column] ?? 0
  for (let row = from.length - 1; row >= 0; row--) {
    for (let column = to.length - 1; column >= 0; column--) {
      const isSame = from[row] === to[column]
      lengths[row * width + column] = isSame
        ? at(row + 1, column + 1) + 1
        : Math.max(at(row + 1, column), at(row, column + 1))
    }
  }
  const lines: DiffLine[] = []
  let [row, column] = [0, 0]
  while (row < from.length || column < to.length) {
    const [old = "", young = ""] = [from[row], to[column]]
    if (row < from.length && column < to.length && old === young) {
      lines.push({ mark: " ", text: old })
      row++
      column++
    } else if (row < from.length && (column === to.length || at(row + 1, column) >= at(row, column + 1))) {
      lines.push({ mark: "-", text: old })
      row++
    } else {
      lines.push({ mark: "+", text: young })
      column++
    }
  }
  return lines
}

function marked(mark: Mark, lines: readonly string[]): readonly DiffLine[] {
  return lines.map((text) => ({ mark, text }))
}

function shortened(lines: readonly DiffLine[]): readonly DiffLine[] {
  const isNear = new Uint8Array(lines.length)
  for (const [index, { mark }] of lines.entries()) {
    if (mark !== " ") isNear.fill(1, Math.max(0, index - around), index + around + 1)
  }
  const shown: DiffLine[] = []
  for (let index = 0; index < lines.length; ) {
    let length = 0
    while (index + length < lines.length && isNear[index + length] === 0) length++
    // One line is not longer than the line that would count it.
    if (length > 1) shown.push({ mark: "…", text: `${length} lines the same` })
    else shown.push(...lines.slice(index, index + Math.max(1, length)))
    index += Math.max(1, length)
  }
  return shown
}
