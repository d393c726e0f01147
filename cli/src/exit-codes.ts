/** What exit codes mean, as `--help` lists them. */
import type { ExitCode } from "@halfkey/core/formats/problem-codes"

export const exitCodes: Readonly<Record<ExitCode, string>> = {
  0: "done",
  1: "unexpected, or answered with no",
  2: "usage or settings",
  3: "not found",
  4: "not allowed",
  5: "conflict",
  6: "network, or stale",
  7: "integrity, or a format that cannot hold a value",
  8: "differences were found",
}

const ofPrograms: readonly (readonly [string, string])[] = [
  ["128+n", "signal n ended the program"],
  ["127", "the program was not found"],
  ["126", "the program cannot be executed"],
  ["125", "a failure of halfkey itself"],
  ["other", "the program's own"],
]

/** The paragraph of a command's help. Only those that compare end with 8; those that start a program have codes of their own. */
export function exitCodesText(compares: boolean, startsProgram: boolean): string {
  const usual = Object.entries(exitCodes).filter(([code]) => compares || code !== "8")
  const rows = startsProgram ? ofPrograms : [...usual, ["130", "Ctrl-C"]]
  return `Exit codes:\n${rows.map(([code, text]) => `  ${code?.padEnd(5)}  ${text}`).join("\n")}`
}
