/**
 * The newest versions of secrets, kept in memory. Right for SQLite only: one process writes, so it knows of every change.
 * While a commit to a key set is on its way, nothing is answered from here and nothing is added for that key set:
 * what is on disk and what is known here may differ until the commit is answered, and a read must see a commit of
 * several names whole or not at all.
 */
import type { KeysetId } from "@halfkey/core/formats/ids"
import type { SecretRow } from "../../domain/rows.ts"

/** Rows kept in all. When it is reached, everything is forgotten. */
const rowsKept = 100_000
/** Lists of names kept for each key set. When it is reached, they are forgotten. */
const listsKept = 20

interface KeysetEntry {
  readonly rows: Map<string, SecretRow>
  /** By `listKey`: programs ask for the same list again and again. */
  readonly lists: Map<string, List>
  commitsUnderWay: number
}

interface List {
  readonly names: readonly string[]
  readonly rows: readonly SecretRow[]
}

/** Of lists that differ inside only, one is kept. To join all the names costs more than to compare them. */
function listKey(names: readonly string[]): string {
  return `${names.length} ${names[0]} ${names.at(-1)}`
}

function isSameList(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false
  return true
}

export class CurrentSecrets {
  readonly #keysets = new Map<KeysetId, KeysetEntry>()
  #count = 0

  /**
   * The rows of all these names in their order, or `undefined` when one is not known. The same list of names gets the
   * very same array until something is written, so that what was made from it can be kept beside it.
   */
  get(keysetId: KeysetId, names: readonly string[]): readonly SecretRow[] | undefined {
    const entry = this.#keysets.get(keysetId)
    if (entry === undefined || entry.commitsUnderWay > 0) return undefined
    const key = listKey(names)
    const known = entry.lists.get(key)
    if (known !== undefined && isSameList(known.names, names)) return known.rows
    const found: SecretRow[] = []
    for (const name of names) {
      const row = entry.rows.get(name)
      if (row === undefined) return undefined
      found.push(row)
    }
    if (entry.lists.size === listsKept) entry.lists.clear()
    entry.lists.set(key, { names: [...names], rows: found })
    return found
  }

  /** Keeps rows that were read just now, in one turn with this call. */
  add(keysetId: KeysetId, rows: readonly (SecretRow | undefined)[]): void {
    if (this.#count + rows.length > rowsKept) this.#forget()
    const entry = this.#entry(keysetId)
    if (entry.commitsUnderWay > 0) return
    for (const row of rows) {
      if (row === undefined) continue
      if (!entry.rows.has(row.name)) this.#count++
      entry.rows.set(row.name, row)
    }
  }

  /** Around a commit: before it is begun, and when it was answered in whatever way. */
  commitBegins(keysetId: KeysetId): void {
    this.#entry(keysetId).commitsUnderWay++
  }

  commitEnds(keysetId: KeysetId, names: readonly string[]): void {
    const entry = this.#entry(keysetId)
    entry.commitsUnderWay--
    entry.lists.clear()
    for (const name of names) if (entry.rows.delete(name)) this.#count--
  }

  #entry(keysetId: KeysetId): KeysetEntry {
    let entry = this.#keysets.get(keysetId)
    if (entry === undefined) {
      entry = { rows: new Map(), lists: new Map(), commitsUnderWay: 0 }
      this.#keysets.set(keysetId, entry)
    }
    return entry
  }

  #forget(): void {
    for (const [keysetId, entry] of this.#keysets) {
      entry.rows.clear()
      entry.lists.clear()
      if (entry.commitsUnderWay === 0) this.#keysets.delete(keysetId)
    }
    this.#count = 0
  }
}
