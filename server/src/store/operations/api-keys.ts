/** Rotating API keys, and when keys and clients were last used. */
import { type Guard, StaleStateError } from "../../domain/store.ts"
import type { LastUse, RotationInput } from "../../domain/store-inputs.ts"
import * as apiKeys from "../api-key-queries.ts"
import type { Transaction } from "../query.ts"
import { apiKeyToTable } from "../row-mapping.ts"
import * as queries from "../state-queries.ts"
import { appendChange } from "./guarded.ts"

export async function rotateApiKey(tx: Transaction, guard: Guard, input: RotationInput): Promise<void> {
  const { apiKeyId, retiresAt, successor } = input
  const workspaceId = await appendChange(tx, guard)
  const retired = { workspaceId, id: apiKeyId, rotatedTo: successor.id, retiresAt }
  // The guard's generation holds this off already; two successors of one key must not even be possible.
  if ((await tx.run(apiKeys.retireApiKey, retired)) !== 1) throw new StaleStateError()
  await tx.run(queries.insertApiKey, apiKeyToTable(successor))
}

/** Describes no decision, so there is no audit entry. */
export async function saveLastUses(tx: Transaction, uses: readonly LastUse[]): Promise<void> {
  for (const use of uses) await tx.run(apiKeys.saveLastUse, use)
}
