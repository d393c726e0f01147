/** What is different between two sets of secrets, and nothing of what they hold. */

export type ChangeKind = "added" | "changed" | "removed" | "same"

export interface Change {
  readonly name: string
  readonly kind: ChangeKind
}

export interface Valued {
  readonly value: Uint8Array
}

/** Compares byte for byte. `removed` is what `target` has and `source` has not. In order of name. */
export function compareSecrets(source: ReadonlyMap<string, Uint8Array>, target: ReadonlyMap<string, Valued>): Change[] {
  const names = [...new Set([...source.keys(), ...target.keys()])].sort()
  return names.map((name) => ({ name, kind: kindOf(source.get(name), target.get(name)?.value) }))
}

function kindOf(source: Uint8Array | undefined, target: Uint8Array | undefined): ChangeKind {
  if (source === undefined) return "removed"
  if (target === undefined) return "added"
  return Buffer.compare(source, target) === 0 ? "same" : "changed"
}
