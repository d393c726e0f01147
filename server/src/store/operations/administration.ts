/** Workspaces, clients, API keys, tokens. */

import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { ApiKeyId, ClientId } from "@halfkey/core/formats/ids"
import type { ApiKeyRow, ClientRow, ServerRow, SigningKeyRow } from "../../domain/rows.ts"
import type { AuditRecord, Guard } from "../../domain/store.ts"
import type { KeysetInput, NewWorkspaceInput, TokenInput } from "../../domain/store-inputs.ts"
import { deletePendingDevice } from "../device-queries.ts"
import type { Transaction } from "../query.ts"
import { apiKeyToTable, clientToTable } from "../row-mapping.ts"
import * as queries from "../state-queries.ts"
import { appendChange, appendEntry, appendGuarded } from "./guarded.ts"
import { insertKeyset, replaceKeyset } from "./keysets.ts"

export async function createWorkspace(tx: Transaction, audit: AuditRecord, input: NewWorkspaceInput): Promise<void> {
  const { workspace, roster, client } = input
  const used = await tx.run(queries.useSetupToken, { hash: input.setupTokenHash, usedAt: workspace.createdAt })
  if (used !== 1) {
    throw new HalfkeyError("invalid_setup_token", "the setup token was used already, or is not this server's", {
      hint: "run `halfkey-server setup-token` on the server's machine for a new one",
    })
  }
  if ((await tx.first(queries.workspace, { id: workspace.id })) !== undefined) {
    throw new HalfkeyError("already_exists", `the workspace ${workspace.crn} exists already`)
  }
  await tx.run(queries.insertWorkspace, {
    id: workspace.id,
    crn: workspace.crn,
    generation: 1,
    root_sign_pk: workspace.rootSignPk,
    root_kem_pk: workspace.rootKemPk,
    created_at: workspace.createdAt,
  })
  await tx.run(queries.insertRoster, {
    workspace_id: workspace.id,
    seq: roster.number,
    document: roster.json,
    hash: roster.hash,
  })
  await tx.run(queries.insertClient, clientToTable(client))
  await tx.run(queries.insertApiKey, apiKeyToTable(input.apiKey))
  for (const keyset of input.keysets) await insertKeyset(tx, keyset)
  await appendEntry(tx, audit)
}

export async function createClient(
  tx: Transaction,
  guard: Guard,
  input: {
    readonly client: ClientRow
    readonly apiKey: ApiKeyRow | undefined
    readonly keysets: readonly KeysetInput[]
  },
): Promise<void> {
  const { client, apiKey } = input
  const workspaceId = await appendChange(tx, guard)
  if ((await tx.first(queries.client, { workspaceId, id: client.id })) !== undefined) {
    throw new HalfkeyError("already_exists", `the client ${client.id} is registered already`)
  }
  await tx.run(deletePendingDevice, { workspaceId, id: client.id })
  await tx.run(queries.insertClient, clientToTable(client))
  if (apiKey !== undefined) await tx.run(queries.insertApiKey, apiKeyToTable(apiKey))
  for (const keyset of input.keysets) await replaceKeyset(tx, keyset)
}

export async function revokeClient(
  tx: Transaction,
  guard: Guard,
  input: { readonly clientId: ClientId; readonly revokedAt: number },
): Promise<void> {
  const workspaceId = await appendChange(tx, guard)
  await tx.run(queries.revokeClient, { workspaceId, id: input.clientId, revokedAt: input.revokedAt })
}

export async function createApiKey(tx: Transaction, guard: Guard, input: ApiKeyRow): Promise<void> {
  await appendChange(tx, guard)
  await tx.run(queries.insertApiKey, apiKeyToTable(input))
}

export async function revokeApiKey(
  tx: Transaction,
  guard: Guard,
  input: { readonly apiKeyId: ApiKeyId; readonly revokedAt: number },
): Promise<void> {
  const workspaceId = await appendChange(tx, guard)
  await tx.run(queries.revokeApiKey, { workspaceId, id: input.apiKeyId, revokedAt: input.revokedAt })
}

export async function issueToken(tx: Transaction, guard: Guard, { assertion, now }: TokenInput): Promise<void> {
  await appendGuarded(tx, guard)
  if (assertion === undefined) return
  const inserted = await tx.run(queries.insertAssertion, assertion)
  if (inserted !== 1) {
    throw new HalfkeyError("invalid_client", "the client assertion was used before", {
      hint: "sign a fresh assertion, with its own jti, for each request",
    })
  }
  await tx.run(queries.deleteExpiredAssertions, { now })
}

export async function initialize(
  tx: Transaction,
  input: { readonly server: ServerRow; readonly signingKeys: readonly SigningKeyRow[] },
): Promise<void> {
  await tx.run(queries.insertServer, input.server)
  for (const { kid, kind, wrapped, createdAt } of input.signingKeys) {
    await tx.run(queries.insertSigningKey, { kid, kind, wrapped, created_at: createdAt })
  }
}

export async function replaceSetupToken(
  tx: Transaction,
  input: { readonly hash: Uint8Array; readonly createdAt: number },
): Promise<void> {
  await tx.run(queries.deleteUnusedSetupTokens, {})
  await tx.run(queries.insertSetupToken, { hash: input.hash, createdAt: input.createdAt })
}
