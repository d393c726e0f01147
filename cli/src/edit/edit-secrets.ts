/** From what an editor made of a text to what is written: one commit, and a choice where somebody else wrote meanwhile. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { type Secrets, unwrap } from "halfkey/secrets"
import type { Context } from "../context.ts"
import { type Edit, type Held, rebase } from "./changes.ts"
import { decide } from "./conflicts.ts"

/** Most changes of one commit. */
const editsMax = 500

export interface Editing {
  readonly context: Context
  readonly secrets: Secrets
  readonly environment: string
  /** What there is now, of what is edited. */
  look(): Promise<ReadonlyMap<string, Held>>
  /** Lets the person edit one value. */
  editValue(content: Uint8Array): Promise<Uint8Array>
}

/**
 * Resolves to what was written, at last. Throws `version_conflict`, with nothing written, where nobody can be asked about what
 * somebody else wrote meanwhile.
 */
export async function saveEdits(editing: Editing, edits: readonly Edit[]): Promise<readonly Edit[]> {
  const { context, environment, secrets } = editing
  if (edits.length > editsMax) {
    throw new HalfkeyError("invalid_argument", `${edits.length} changes at once, at most ${editsMax} are allowed`, {
      hint: "all of them are written or none is: edit fewer at a time",
    })
  }
  for (let open = edits; ; ) {
    if (open.length === 0) return []
    const ifVersions = Object.fromEntries(open.map(({ ifVersion, name }) => [name, ifVersion]))
    const values = open.flatMap(({ name, value }) => (value === null ? [] : [[name, value] as const]))
    const deletions = open.flatMap(({ name, value }) => (value === null ? [name] : []))
    const result = await secrets.setMany(new Map(values), { environment, ifVersions, delete: deletions })
    if (result.failure === undefined) return open
    // A deletion of what somebody else has deleted is refused as not found.
    if (!["version_conflict", "secret_not_found"].includes(result.failure.code)) unwrap(result)
    const { conflicts, edits: untouched } = rebase(open, await editing.look())
    if (conflicts.length === 0 && untouched.length === open.length) unwrap(result)
    if (conflicts.length > 0 && !context.prompts.allowed) throw changedMeanwhile(conflicts.map(({ name }) => name))
    open = [...untouched, ...(await decide(context, conflicts, editing.editValue))]
  }
}

function changedMeanwhile(names: readonly string[]): HalfkeyError {
  const shown = names.length > 10 ? `${names.slice(0, 10).join(", ")} and ${names.length - 10} more` : names.join(", ")
  return new HalfkeyError("version_conflict", `${shown}: changed by somebody else meanwhile, so nothing was written`, {
    hint: "edit again; at a terminal you can choose what stays",
    facts: { names },
  })
}

/** Tells what was written and what was deleted. */
export function reportEdits(context: Context, environment: string, edits: readonly Edit[]): void {
  if (edits.length === 0) context.note(`nothing was changed in ${environment}`)
  const written = edits.filter(({ value }) => value !== null).map(({ name }) => name)
  const deleted = edits.filter(({ value }) => value === null).map(({ name }) => name)
  if (written.length > 0) context.note(`written in ${environment}: ${written.join(", ")}`)
  if (deleted.length > 0) context.note(`deleted from ${environment}: ${deleted.join(", ")}`)
}
