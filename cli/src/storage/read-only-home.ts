/** A home that cannot be written to, as in many containers: reading goes on with a warning, and nothing else does. */
import type { SecretsOptions } from "halfkey/secrets"
import { readOnlyReason } from "./private-files.ts"

/** Receipts are evidence that grows where it fits: the SDK goes on without. */
type Stores = Pick<SecretsOptions, "freshness" | "archive">

/** The same stores, which tell `onReadOnly` once instead of failing when there is no place to write to. */
export function orReadOnly<T extends Stores>(options: T, onReadOnly: (reason: string) => void): T {
  let isTold = false
  const tolerate = async (save: () => Promise<void> | undefined): Promise<void> => {
    try {
      await save()
    } catch (error) {
      const reason = readOnlyReason(error)
      if (reason === undefined) throw error
      if (!isTold) onReadOnly(reason)
      isTold = true
    }
  }
  const { archive, freshness } = options
  return {
    ...options,
    ...(freshness && {
      freshness: { load: () => freshness.load(), save: (state) => tolerate(() => freshness.save(state)) },
    }),
    ...(archive && { archive: { load: () => archive.load(), add: (news) => tolerate(() => archive.add(news)) } }),
  } satisfies T
}
