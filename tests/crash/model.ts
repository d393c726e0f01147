/** What the clients know: every write that they tried, and what they were told about it. */

/** One call of `set`, `setMany` or `delete`: all its names are written, or none. */
export interface Attempt {
  readonly id: number
  readonly kind: "value" | "tombstone"
  /** Lengths of the values by name. */
  readonly lengths: ReadonlyMap<string, number>
  /**
   * `acknowledged`: it is in the database, with these versions. `refused`: it is not. `open`: nobody was told, so it is
   * there as a whole or not at all.
   */
  fate: "open" | "refused" | "acknowledged"
  versions: ReadonlyMap<string, number>
}

export interface Receipt {
  /** The leaf hash of the audit entry, base64url. */
  readonly leafHash: string
  readonly path: string
}

export class Model {
  readonly attempts = new Map<number, Attempt>()
  /** Those whose call has not returned. */
  readonly underWay = new Set<Attempt>()
  readonly receipts: Receipt[] = []
  /** Requests of authenticated callers that were answered in whatever way: each decision is in the audit log. */
  readonly answeredRequests: string[] = []
  /** Newest acknowledged version of each name. */
  readonly newest = new Map<string, number>()
  #count = 0

  begin(kind: Attempt["kind"], lengths: ReadonlyMap<string, number>): Attempt {
    const attempt: Attempt = { id: ++this.#count, kind, lengths, fate: "open", versions: new Map() }
    this.attempts.set(attempt.id, attempt)
    this.underWay.add(attempt)
    return attempt
  }

  acknowledge(attempt: Attempt, written: readonly { readonly name: string; readonly version: number }[]): void {
    attempt.fate = "acknowledged"
    attempt.versions = new Map(written.map(({ name, version }) => [name, version]))
    for (const { name, version } of written) this.newest.set(name, Math.max(version, this.newest.get(name) ?? 0))
  }

  refuse(attempt: Attempt): void {
    attempt.fate = "refused"
  }

  /** The acknowledged writes by name and version. */
  acknowledged(): Map<string, Attempt> {
    const found = new Map<string, Attempt>()
    for (const attempt of this.attempts.values()) {
      if (attempt.fate !== "acknowledged") continue
      for (const [name, version] of attempt.versions) found.set(`${name}@${version}`, attempt)
    }
    return found
  }
}

/** The value that an attempt writes: it says whose it is, so that any value can be traced back and compared in full. */
export function writtenValue({ id, lengths }: Attempt, name: string): string {
  const length = lengths.get(name) ?? 0
  const head = `${id} ${name} ${length} `
  return head.padEnd(length, `${id}${name}.`)
}

/** The attempt that a value says it is from. */
export function attemptIn(value: string): number | undefined {
  const id = /^(\d+) /.exec(value)?.[1]
  return id === undefined ? undefined : Number(id)
}
