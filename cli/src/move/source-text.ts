/** What the readers of each format find, line by line. */

/** One name and its value, as text. */
export interface SourceEntry {
  readonly name: string
  readonly value: string
  /** From 1. */
  readonly line: number
}

/** Something about one line. Its text holds no value. */
export interface SourceRemark {
  readonly line: number
  readonly text: string
}

export interface SourceText {
  readonly entries: readonly SourceEntry[]
  /** What makes the whole source refused. */
  readonly problems: readonly SourceRemark[]
  /** What the person should know, though it is taken. */
  readonly warnings: readonly SourceRemark[]
}

/** What was taken for a name may be a value that stands in the wrong place: only what looks like a name is shown. */
export function shownName(name: string): string {
  return /^[A-Za-z0-9_./-]{1,60}$/.test(name) ? name : "(not shown)"
}
