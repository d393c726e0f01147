/** Failures of the command line: how they are made, what they print, and with which code the process ends. */

import { isKeysetName } from "@halfkey/core/formats/environment-name"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { isProblemCode, problemCodes } from "@halfkey/core/formats/problem-codes"
import { closest } from "./closest.ts"

/** A wrong command line: exit 2. */
export function usageError(message: string, hint?: string): HalfkeyError {
  return new HalfkeyError("invalid_argument", message, { hint })
}

/** The person pressed Ctrl-C in a prompt: exit 130, as a shell reports it. */
export class Interrupted extends Error {
  override readonly name = "Interrupted"
}

/** A failure that was told already, for instance by the parser of the command line. */
export class Told extends Error {
  override readonly name = "Told"
  readonly exit: number

  constructor(exit: number) {
    super("told already")
    this.exit = exit
  }
}

/** What is printed about a failure, and the exit code. */
export interface Report {
  readonly lines: readonly string[]
  readonly exit: number
}

/** What failures of Halfkey have in common, whether the CLI, the core or the SDK made them. */
interface KnownFailure {
  readonly code: string
  readonly message: string
  readonly hint?: string | undefined
  readonly facts?: Readonly<Record<string, unknown>> | undefined
  readonly requestId?: string | undefined
}

/**
 * Describes any thrown thing. The texts of Halfkey's own failures hold no value and no key; of everything else only the
 * kind is told, since a foreign text could quote what it choked on. `debug` adds the stack; `environments` are those that
 * were asked for.
 */
export function report(thrown: unknown, debug = false, environments: readonly string[] = []): Report {
  if (thrown instanceof Interrupted) return { lines: [], exit: 130 }
  if (thrown instanceof Told) return { lines: [], exit: thrown.exit }
  const stack = debug && thrown instanceof Error ? String(thrown.stack).split("\n") : []
  if (isKnown(thrown)) return { lines: [...describe(thrown, environments), ...stack], exit: exitOf(thrown.code) }
  const kind = thrown instanceof Error ? (systemCode(thrown) ?? thrown.name) : "an unknown failure"
  const hint = debug ? [] : ["  try: the same with HALFKEY_DEBUG=1 for a stack trace, and report it"]
  return { lines: [`halfkey: unexpected: ${kind}`, ...hint, ...stack], exit: 1 }
}

function describe(failure: KnownFailure, environments: readonly string[]): string[] {
  const lines = [`halfkey: ${failure.message}`]
  const suggestion = environmentSuggestion(failure, environments)
  for (const hint of [suggestion, failure.hint]) {
    if (hint !== undefined) lines.push(...hint.split("\n").map((line) => `  try: ${line}`))
  }
  // What the hint of an unexpected failure asks to be reported.
  const place = failure.code === "unexpected" ? failure.facts?.["place"] : undefined
  if (typeof place === "string") lines.push(`  place: ${place}`)
  if (failure.requestId !== undefined && exitOf(failure.code) === 1) lines.push(`  request: ${failure.requestId}`)
  return lines
}

/** An unknown environment comes with the names that the caller may use. */
function environmentSuggestion({ code, facts }: KnownFailure, asked: readonly string[]): string | undefined {
  const available = facts?.["available"]
  if (code !== "keyset_not_found" || !Array.isArray(available)) return undefined
  // What is suggested is typed into a shell: only what can be a name counts.
  const names = available.filter((name) => typeof name === "string" && isKeysetName(name))
  const unknown = asked.find((name) => !names.includes(name))
  const near = unknown === undefined ? undefined : closest(unknown, names)
  return near && `-e ${near}   (did you mean ${near}?)`
}

function isKnown(thrown: unknown): thrown is KnownFailure {
  if (typeof thrown !== "object" || thrown === null) return false
  const { code, message } = thrown as { code?: unknown; message?: unknown }
  return typeof code === "string" && isProblemCode(code) && typeof message === "string"
}

/** ENOSPC and the like: they name the kind of failure and nothing else. */
function systemCode(error: Error): string | undefined {
  const { code, syscall } = error as { code?: unknown; syscall?: unknown }
  if (typeof code !== "string" || !/^[A-Z][A-Z0-9_]+$/.test(code)) return undefined
  return typeof syscall === "string" ? `${code} in ${syscall}` : code
}

function exitOf(code: string): number {
  return isProblemCode(code) ? problemCodes[code].exit : 1
}
