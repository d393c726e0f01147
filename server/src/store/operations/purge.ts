/** Deleting the keys of a destroyed key set when its time is over (S5). */
import type { KeysetId } from "@halfkey/core/formats/ids"
import { type Guard, StaleStateError } from "../../domain/store.ts"
import * as queries from "../purge-queries.ts"
import type { Transaction } from "../query.ts"
import { appendChange } from "./guarded.ts"

/**
 * All halves of all keys, and the mark, in one transaction: a crash leaves everything, to be purged at the next start, or
 * nothing. Whoever decided before it must decide again. Throws `StaleStateError` for one that is not due.
 */
export async function purgeKeyset(
  tx: Transaction,
  guard: Guard,
  { keysetId, purgedAt }: { readonly keysetId: KeysetId; readonly purgedAt: number },
): Promise<void> {
  await appendChange(tx, guard)
  if ((await tx.run(queries.markPurged, { keysetId, purgedAt })) !== 1) throw new StaleStateError()
  await tx.run(queries.deleteAuthorityKeys, { keysetId })
  await tx.run(queries.deleteGrants, { keysetId })
  await tx.run(queries.deleteRecoveryGrants, { keysetId })
}
