/** The next roster, and recovery: a new admin in the place of everybody (S4, S5). */

import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import type { DocumentRow } from "../../domain/rows.ts"
import type { Guard } from "../../domain/store.ts"
import type { KeysetInput, RecoveryInput, RootAssertionInput } from "../../domain/store-inputs.ts"
import { deletePendingDevices } from "../device-queries.ts"
import type { Transaction } from "../query.ts"
import * as recovery from "../recovery-queries.ts"
import { apiKeyToTable, clientToTable } from "../row-mapping.ts"
import * as queries from "../state-queries.ts"
import { appendChange, appendGuarded } from "./guarded.ts"
import { replaceKeyset } from "./keysets.ts"

export async function replaceRoster(
  tx: Transaction,
  guard: Guard,
  input: { readonly roster: DocumentRow; readonly keysets: readonly KeysetInput[] },
): Promise<void> {
  const workspaceId = await appendChange(tx, guard)
  await insertRoster(tx, workspaceId, input.roster)
  for (const keyset of input.keysets) await replaceKeyset(tx, keyset)
}

export async function useRootAssertion(tx: Transaction, guard: Guard, input: RootAssertionInput): Promise<void> {
  await appendGuarded(tx, guard)
  await useUp(tx, input)
}

export async function recoverWorkspace(tx: Transaction, guard: Guard, input: RecoveryInput): Promise<void> {
  const { apiKey, client, revokedAt } = input
  const workspaceId = await appendChange(tx, guard)
  await useUp(tx, input.assertion)
  if ((await tx.first(queries.client, { workspaceId, id: client.id })) !== undefined) {
    throw new HalfkeyError("already_exists", `the client ${client.id} is registered already`)
  }
  await tx.run(recovery.revokeAllClients, { workspaceId, revokedAt })
  await tx.run(recovery.revokeAllApiKeys, { workspaceId, revokedAt })
  // Who waits now might be whoever the recovery is to put out.
  await tx.run(deletePendingDevices, { workspaceId, expiredBefore: Number.MAX_SAFE_INTEGER })
  await tx.run(queries.insertClient, clientToTable(client))
  await tx.run(queries.insertApiKey, apiKeyToTable(apiKey))
  await insertRoster(tx, workspaceId, input.roster)
  for (const keyset of input.keysets) await replaceKeyset(tx, keyset)
}

async function insertRoster(tx: Transaction, workspaceId: WorkspaceId, roster: DocumentRow): Promise<void> {
  const newest = await tx.first(recovery.newestRosterSeq, { workspaceId })
  if (newest?.seq !== roster.number - 1) {
    throw new HalfkeyError("revision_conflict", `the roster is no longer at ${roster.number - 1}`, {
      hint: "read the roster again and repeat the change on the newest",
    })
  }
  const { number: seq, json: document, hash } = roster
  await tx.run(queries.insertRoster, { workspace_id: workspaceId, seq, document, hash })
}

async function useUp(tx: Transaction, { workspaceId, jti, expiresAt, now }: RootAssertionInput): Promise<void> {
  if ((await tx.run(recovery.insertRootAssertion, { workspaceId, jti, expiresAt })) !== 1) {
    throw new HalfkeyError("invalid_client", "the root assertion was used before", {
      hint: "sign a fresh assertion, with its own jti, for each request",
    })
  }
  await tx.run(recovery.deleteExpiredRootAssertions, { now })
}
