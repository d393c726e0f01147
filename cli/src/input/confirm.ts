/** "Are you sure?", which `-y` answers, and which a script without a terminal must answer by `-y`. */
import type { Context } from "../context.ts"
import { Told, usageError } from "../failure.ts"

/** Returns after a yes. Throws a usage error where nobody can be asked; `otherwise` says what did not happen. */
export async function requireConfirmation(context: Context, question: string, otherwise: string): Promise<void> {
  if (context.options.yes) return
  if (!context.prompts.allowed) throw usageError(`${otherwise}: nobody can be asked here`, "the same with -y")
  if (await context.prompts.confirm(question)) return
  context.streams.err(`halfkey: ${otherwise}\n`)
  throw new Told(1)
}

/** As `requireConfirmation`, for what takes much away: the name must be typed again. */
export async function requireTypedName(context: Context, name: string, what: string, otherwise: string): Promise<void> {
  if (context.options.yes) return
  if (!context.prompts.allowed) throw usageError(`${otherwise}: nobody can be asked here`, "the same with -y")
  if ((await context.prompts.line(`${what} Type ${name} to go on:`)) === name) return
  context.streams.err(`halfkey: ${otherwise}\n`)
  throw new Told(1)
}
