/** Where a row of the domain and a row of a table differ: lists travel as JSON, flags as 0 and 1. */
import type { KeysetId } from "@halfkey/core/formats/ids"
import type { ApiKeyRow, ClientRow, SecretRow } from "../domain/rows.ts"
import type { Schema } from "./schema.ts"

type StoredApiKey = Omit<ApiKeyRow, "readOnly" | "keysetIds" | "networks"> & {
  readonly readOnly: number
  readonly keysetIds: string | null
  readonly networks: string | null
}

export function apiKeyFromTable(row: StoredApiKey): ApiKeyRow {
  return {
    ...row,
    readOnly: row.readOnly === 1,
    keysetIds: row.keysetIds === null ? null : (JSON.parse(row.keysetIds) as KeysetId[]),
    networks: row.networks === null ? null : (JSON.parse(row.networks) as string[]),
  }
}

export function apiKeyToTable(row: ApiKeyRow): Schema["api_keys"] {
  return {
    id: row.id,
    workspace_id: row.workspaceId,
    label: row.label,
    role: row.role,
    client_id: row.clientId,
    secret_hash: row.secretHash,
    read_only: row.readOnly ? 1 : 0,
    keyset_ids: row.keysetIds && JSON.stringify(row.keysetIds),
    networks: row.networks && JSON.stringify(row.networks),
    created_at: row.createdAt,
    expires_at: row.expiresAt,
    revoked_at: row.revokedAt,
    rotated_to: row.rotatedTo,
    retires_at: row.retiresAt,
  }
}

export function clientToTable(row: ClientRow): Schema["clients"] {
  return {
    id: row.id,
    workspace_id: row.workspaceId,
    label: row.label,
    sign_pk: row.signPk,
    kem_pk: row.kemPk,
    device_role: row.deviceRole,
    created_at: row.createdAt,
    revoked_at: row.revokedAt,
  }
}

export function secretFromTable(row: Omit<SecretRow, "deleted"> & { readonly deleted: number }): SecretRow {
  return {
    id: row.id,
    name: row.name,
    version: row.version,
    deleted: row.deleted === 1,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    recordNumber: row.recordNumber,
  }
}
