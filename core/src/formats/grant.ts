/** Grants (S4): unsigned; their safety is the commitment check. The recovery grant is one to the workspace root. */
import { concatBytes } from "../primitives/bytes.ts"
import { sha256 } from "../primitives/hash.ts"
import { xWingEncLength } from "../primitives/hpke-x-wing.ts"
import {
  bytesField,
  clientIdField,
  epochField,
  type FieldsOf,
  fieldsToJson,
  keysetIdField,
  optionalField,
  parseFields,
} from "./field-codecs.ts"
import { type ClientId, type KeysetId, uuidBytes, type WorkspaceId } from "./ids.ts"
import { pae } from "./pae.ts"

/** Length of a client half, G. */
export const clientHalfLength = 32
/** `sealedHalf` = G and a tag. */
export const sealedHalfLength = clientHalfLength + 16
/** `selfWrap` = nonce, G and a tag. */
export const selfWrapLength = 12 + clientHalfLength + 16

const sealedFields = { enc: bytesField(xWingEncLength), sealedHalf: bytesField(sealedHalfLength) }

const grantFields = {
  keysetId: keysetIdField,
  epoch: epochField,
  clientId: clientIdField,
  ...sealedFields,
  selfWrap: optionalField(bytesField(selfWrapLength)),
}

const recoveryGrantFields = { keysetId: keysetIdField, epoch: epochField, ...sealedFields }

export type Grant = FieldsOf<typeof grantFields>
export type RecoveryGrant = FieldsOf<typeof recoveryGrantFields>

/** Reads a grant strictly. Throws `invalid_document`. */
export function parseGrant(json: unknown): Grant {
  return parseFields(grantFields, json, "grant")
}

export function grantToJson(grant: Grant): Record<string, unknown> {
  return fieldsToJson(grantFields, grant)
}

/** Reads a recovery grant strictly. Throws `invalid_document`. */
export function parseRecoveryGrant(json: unknown): RecoveryGrant {
  return parseFields(recoveryGrantFields, json, "recoveryGrant")
}

export function recoveryGrantToJson(grant: RecoveryGrant): Record<string, unknown> {
  return fieldsToJson(recoveryGrantFields, grant)
}

/** `recoveryHash = H(enc ‖ sealedHalf)` of the recovery grant, 32 bytes (S4). */
export function recoveryHash(grant: Pick<RecoveryGrant, "enc" | "sealedHalf">): Uint8Array {
  return sha256(concatBytes(grant.enc, grant.sealedHalf))
}

/** Whom a half is sealed to: a client, or the workspace root (16 zero bytes) (S4). */
export type GrantRecipient = ClientId | "root"

/** HPKE `info` of a grant: `pae("grant", workspaceId, keysetId, epoch, clientId)` (S4). */
export function grantInfo(workspaceId: WorkspaceId, keysetId: KeysetId, epoch: number, to: GrantRecipient): Uint8Array {
  const clientId = to === "root" ? new Uint8Array(16) : uuidBytes(to)
  return pae("grant", workspaceId, uuidBytes(keysetId), epoch, clientId)
}

/** `aad` of a self-wrap: `pae("self-wrap", workspaceId, keysetId, epoch, clientId)` (S4). */
export function selfWrapAad(
  workspaceId: WorkspaceId,
  keysetId: KeysetId,
  epoch: number,
  clientId: ClientId,
): Uint8Array {
  return pae("self-wrap", workspaceId, uuidBytes(keysetId), epoch, uuidBytes(clientId))
}
