/** What was typed into an editor and could not be saved: it stays in memory, where its owner finds it. */
import { rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { isProblemCode } from "@halfkey/core/formats/problem-codes"
import { newDirectory } from "../storage/memory-directory.ts"
import { editorPurpose } from "./private-file.ts"

export interface Typed {
  readonly name: string
  readonly content: Uint8Array
  /** The line that saves a file with this content. */
  saveBy(path: string): string
}

/**
 * The failure with two hints more: how to save what was typed, and how to take it away. The failure itself where that is none of
 * ours, as after Ctrl-C and "no", or where nothing can be kept.
 */
export function keepingTyped(failure: unknown, typed: Typed | undefined, candidates: readonly string[]): unknown {
  const { code, facts, hint, message } = (failure ?? {}) as Partial<HalfkeyError>
  if (typed === undefined || typed.content.length === 0) return failure
  if (!(failure instanceof Error) || code === undefined || !isProblemCode(code)) return failure
  const path = keep(typed, candidates)
  if (path === undefined) return failure
  const hints = [
    ...(hint === undefined ? [] : [hint]),
    `${typed.saveBy(quoted(path))}   (what you typed, kept in memory)`,
    `rm -r ${quoted(dirname(path))}   (when it is saved)`,
  ]
  return new HalfkeyError(code, message ?? "", { hint: hints.join("\n"), cause: failure, ...(facts && { facts }) })
}

function keep({ content, name }: Typed, candidates: readonly string[]): string | undefined {
  let directory: string | undefined
  try {
    directory = newDirectory(candidates, editorPurpose)
    const path = join(directory, name)
    writeFileSync(path, content, { mode: 0o600, flag: "wx" })
    return path
  } catch {
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true })
    return undefined
  }
}

/** For a shell. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}
