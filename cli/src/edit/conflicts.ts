/** What the person decides about secrets that somebody else changed while they were edited: theirs, mine, or edit again. */
import { concatBytes, utf8 } from "@halfkey/core/primitives/bytes"
import type { Context } from "../context.ts"
import { type Conflict, type Edit, withoutAddedNewline } from "./changes.ts"

const marks = { mine: "<<<<<<< mine\n", between: "=======\n", theirs: ">>>>>>> theirs\n" } as const

/** The edits that are left. `editValue` lets the person edit bytes. */
export async function decide(
  context: Context,
  conflicts: readonly Conflict[],
  editValue: (content: Uint8Array) => Promise<Uint8Array>,
): Promise<Edit[]> {
  const edits: Edit[] = []
  for (const { mine, name, theirs } of conflicts) {
    const ifVersion = theirs?.version ?? 0
    const what = theirs === undefined ? "deleted" : `changed, to version ${theirs.version},`
    const own = mine === null ? "your deletion" : "yours"
    for (let decided = false; !decided; ) {
      const question = `${name} was ${what} by somebody else meanwhile. [t]heirs, [m]ine (${own}), or [e]dit again?`
      const answer = (await context.prompts.line(question)).toLowerCase()
      if (/^(t|theirs)$/.test(answer)) decided = true
      else if (/^(m|mine)$/.test(answer)) {
        edits.push({ name, value: mine, ifVersion })
        decided = true
      } else if (/^(e|edit)$/.test(answer)) {
        const edited = await editValue(bothOf(mine, theirs?.value))
        // A mark that is still there is no decision yet.
        if ([marks.mine, marks.theirs].some((mark) => Buffer.from(edited).includes(mark.trimEnd()))) continue
        edits.push({ name, value: withoutAddedNewline(edited, [mine, theirs?.value]), ifVersion })
        decided = true
      }
    }
  }
  return edits
}

/** Both values, between marks as programmers know them. */
export function bothOf(mine: Uint8Array | null, theirs: Uint8Array | undefined): Uint8Array {
  const lines = (value: Uint8Array | null | undefined) =>
    value === null || value === undefined ? [] : [value, utf8(value.at(-1) === 0x0a ? "" : "\n")]
  return concatBytes(utf8(marks.mine), ...lines(mine), utf8(marks.between), ...lines(theirs), utf8(marks.theirs))
}
