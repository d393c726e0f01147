/** The recovery kit as somebody types, pipes or copies it; it is never an argument, which other users of the machine see. */
import type { Context } from "../context.ts"
import { usageError } from "../failure.ts"
import { readSecretFile } from "./secret-file.ts"

/** Longer than a kit with the box around it. */
const inputMaxBytes = 4096

/** The text of the kit, without the white space of a copy. `file`: `-` for stdin, left out to be asked. */
export async function recoveryKitText(context: Context, file: string | undefined): Promise<string> {
  if (file === "-" && !context.streams.stdinIsTerminal) {
    return new TextDecoder().decode(await context.streams.readAll(inputMaxBytes)).trim()
  }
  if (file !== undefined && file !== "-") return readSecretFile(file, "recovery kit")
  if (!context.prompts.allowed) throw usageError("no recovery kit was given", "--kit-file FILE")
  return new TextDecoder().decode(await context.prompts.hidden("Recovery kit")).trim()
}
