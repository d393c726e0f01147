/** What going back to a time writes: values again, and deletions. */
import type { SecretChange } from "halfkey/secrets"

export interface PlannedChange {
  readonly name: string
  /** `added`: was deleted since, and comes back. */
  readonly kind: "changed" | "added" | "deleted"
  /** The newest version, which must still be it at the commit. */
  readonly version: number
  /** The version whose value comes back, and when it was written; `null`: there was no value then. */
  readonly restores: { readonly version: number; readonly writtenAt: string; readonly value: Uint8Array } | null
}

/** In the order of the changes. What has the value of then again, or is as little there as then, is left alone. */
export function planRestore(changes: readonly SecretChange[]): PlannedChange[] {
  return changes.flatMap((change) => planOne(change) ?? [])
}

function planOne({ before, name, now }: SecretChange): PlannedChange | undefined {
  const { version } = now
  if (before?.value === undefined) {
    return now.value === undefined ? undefined : { name, kind: "deleted", version, restores: null }
  }
  if (now.value !== undefined && Buffer.compare(now.value, before.value) === 0) return undefined
  const restores = { version: before.version, writtenAt: before.writtenAt, value: before.value }
  return { name, kind: now.value === undefined ? "added" : "changed", version, restores }
}
