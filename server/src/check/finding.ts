/** What `halfkey-server check` may find, and what it has looked at. */

/** Names of the checks, as they stand in the output. */
export type CheckName = "file" | "references" | "documents" | "keys" | "records" | "audit log"

export interface Finding {
  readonly check: CheckName
  /** Where: names and ids, never a value. */
  readonly place: string
  readonly problem: string
}

/** How much there is. */
export interface Counts {
  workspaces: number
  environments: number
  secrets: number
  versions: number
  auditEntries: number
}

/** More are counted, and not kept: whoever has so many needs the first ones. */
const findingsKept = 1000

export class Findings {
  readonly kept: Finding[] = []
  count = 0

  add(check: CheckName, place: string, problem: string): void {
    this.count++
    if (this.kept.length < findingsKept) this.kept.push({ check, place, problem })
  }

  /** A problem of a body that says by throwing what is wrong. */
  attempt<T>(check: CheckName, place: string, body: () => T): T | undefined {
    try {
      return body()
    } catch (error) {
      this.add(check, place, error instanceof Error ? error.message : String(error))
      return undefined
    }
  }
}
