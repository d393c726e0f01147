/** What `halfkey doctor` finds: one line each, with what to type where something is wrong. */
import { report } from "../failure.ts"

export type Status = "ok" | "warn" | "fail"

export interface Finding {
  readonly check: string
  readonly status: Status
  readonly text: string
  readonly hint?: string
  /** Exit code that the finding stands for, where it is a failure. */
  readonly exit?: number
}

export const ok = (check: string, text: string): Finding => ({ check, status: "ok", text })

export const warn = (check: string, text: string, hint: string): Finding => ({ check, status: "warn", text, hint })

export const fail = (check: string, text: string, hint: string, exit: number): Finding => ({
  check,
  status: "fail",
  text,
  hint,
  exit,
})

/** The finding for a failure, in the words and with the exit code that the failing command would have. */
export function failed(check: string, thrown: unknown): Finding {
  const { lines, exit } = report(thrown)
  const [first = "", ...rest] = lines
  const hint = rest.map((line) => line.replace(/^\s*try: /, "")).join("\n")
  return { check, status: "fail", text: first.replace(/^halfkey: /, ""), exit, ...(hint !== "" && { hint }) }
}
