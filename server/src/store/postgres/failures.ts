/**
 * What the driver throws, as one of our failures. Never with the driver's own text: it may quote what was stored, or where
 * the database is and as whom it was asked.
 */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { StaleStateError } from "../../domain/store.ts"

/** The transaction was undone because of others: the same again may succeed. */
export class TryAgainError extends Error {
  override readonly name = "TryAgainError"
}

interface DriverError {
  readonly code?: string
  readonly constraint?: string
  readonly table?: string
  readonly message?: string
}

/** Serialization failure, deadlock, and a row that somebody else was faster to insert. */
const again = ["40001", "40P01", "23505"]

/** Whether there is no connection any more, or none can be had. */
export function isAway(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof HalfkeyError) return false
  const { code = "", message = "" } = error as DriverError
  if (/^(08|57P0)/.test(code) || code === "53300" || /^E[A-Z]+$/.test(code)) return true
  // The driver's own errors have no code.
  return code === "" && /^(Connection terminated|timeout exceeded|Query read timeout|Client (has|was))/.test(message)
}

export function failureOf(error: unknown): Error {
  if (error instanceof HalfkeyError || error instanceof StaleStateError || error instanceof TryAgainError) return error
  if (!(error instanceof Error)) return new Error("an unknown failure of the database")
  const { code = "", constraint, table } = error as DriverError
  if (again.includes(code)) return new TryAgainError(`${code}${constraint === undefined ? "" : ` of ${constraint}`}`)
  if (isAway(error)) return away(code)
  if (code === "57014" || code === "55P03" || code === "25P03") return tooSlow(code)
  if (/^53/.test(code)) {
    return new HalfkeyError("storage_full", "the database has no room: nothing was changed", {
      hint: "ask the operator to free space on the database's disk, then repeat",
      cause: new Error(code),
    })
  }
  // Our own mistakes keep their text; the driver's have a code.
  if (code === "") return error
  const at = [constraint, table].filter((each) => each !== undefined).join(" of ")
  return new Error(`the database refused a statement: ${code} ${at}`.trimEnd())
}

export function away(code = ""): HalfkeyError {
  return new HalfkeyError("unavailable", "the database cannot be reached", {
    hint: "try again; /readyz says when it is back",
    cause: new Error(code === "" ? "no connection" : code),
  })
}

/** The answer to a commit was lost. */
export function unknownOutcome(): HalfkeyError {
  return new HalfkeyError("unavailable", "the database went away: it is not known whether this was done", {
    hint: "look, then try again",
  })
}

function tooSlow(code: string): HalfkeyError {
  return new HalfkeyError("unavailable", "the database took too long: nothing was changed", {
    hint: "try again",
    cause: new Error(code),
  })
}
