/** What was edited, compared with what was there, and with what somebody else has made of it meanwhile. */

/** A secret as it was read. */
export interface Held {
  readonly version: number
  readonly value: Uint8Array
}

export interface Edit {
  readonly name: string
  /** `null`: deleted. */
  readonly value: Uint8Array | null
  /** The version that it replaces; 0: there is no such secret. */
  readonly ifVersion: number
}

export interface Conflict {
  readonly name: string
  readonly mine: Uint8Array | null
  readonly theirs: Held | undefined
}

/** In order of name. */
export function editsOf(base: ReadonlyMap<string, Held>, edited: ReadonlyMap<string, Uint8Array>): Edit[] {
  return [...new Set([...base.keys(), ...edited.keys()])].sort().flatMap((name) => {
    const value = edited.get(name) ?? null
    const held = base.get(name)
    return isSame(value, held) ? [] : [{ name, value, ifVersion: held?.version ?? 0 }]
  })
}

/** Edits of what nobody else touched stand; what somebody else has made the same is done; the rest are conflicts. */
export function rebase(
  edits: readonly Edit[],
  theirs: ReadonlyMap<string, Held>,
): { readonly edits: readonly Edit[]; readonly conflicts: readonly Conflict[] } {
  const open = edits.filter(({ name, value }) => !isSame(value, theirs.get(name)))
  const isUntouched = ({ ifVersion, name }: Edit) => (theirs.get(name)?.version ?? 0) === ifVersion
  return {
    edits: open.filter(isUntouched),
    conflicts: open
      .filter((edit) => !isUntouched(edit))
      .map(({ name, value }) => ({ name, mine: value, theirs: theirs.get(name) })),
  }
}

function isSame(value: Uint8Array | null, held: Held | undefined): boolean {
  if (value === null || held === undefined) return value === null && held === undefined
  return Buffer.compare(value, held.value) === 0
}

/** Editors end a file with a newline, whether the values that it was made of do or not. */
export function withoutAddedNewline(
  edited: Uint8Array,
  values: readonly (Uint8Array | null | undefined)[],
): Uint8Array {
  const isMeant = values.some((value) => value?.at(-1) === 0x0a)
  return edited.at(-1) === 0x0a && !isMeant ? edited.slice(0, -1) : edited
}
