/** Sealing again under the newest epoch (S5): what is left to do, and doing it by compare-and-set on the old record's hash. */
import { type Static, Type } from "typebox"
import { Bytes, EnvironmentRef, Epoch, SecretNameText, Version } from "./encodings.ts"
import { KeysetBundle, KnownKeyset } from "./keysets.ts"
import { namesPerRequest, RecordBytes } from "./secrets.ts"

/** `POST /v1/secrets/stale`: kept versions, deletions too, whose records are not of the newest epoch. */
export const StaleRequest = Type.Object({
  environment: EnvironmentRef,
  after: Type.Optional(
    Type.String({ pattern: "^[1-9][0-9]{0,9}\\.[1-9][0-9]{0,15}$", description: "`next` of the answer before" }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: namesPerRequest })),
  known: Type.Optional(KnownKeyset),
})
export type StaleRequest = Static<typeof StaleRequest>

export const StaleResponse = Type.Object({
  keyset: Type.Optional(KeysetBundle),
  epoch: Epoch,
  records: Type.Array(
    Type.Object({
      name: Type.String(),
      version: Version,
      deleted: Type.Boolean({ description: "As the server sees it; the record itself says it under seal" }),
      record: RecordBytes,
      keySeed: Bytes(32, "For the record's own epoch and key id"),
      newKeyId: Bytes(16),
      newKeySeed: Bytes(32, "Of the newest epoch"),
    }),
  ),
  next: Type.Union([Type.String(), Type.Null()], { description: "`after` of the next request; null: no more" }),
  remaining: Type.Integer({ minimum: 0, description: "Versions left in all, those of this answer included" }),
})
export type StaleResponse = Static<typeof StaleResponse>

/** `POST /v1/secrets/reseal`: all or nothing; a version that is under the newest epoch already counts as done. */
export const ResealRequest = Type.Object({
  environment: EnvironmentRef,
  writes: Type.Array(
    Type.Object({
      name: SecretNameText,
      version: Version,
      previousHash: Bytes(32, "H(record) of the record that is replaced"),
      record: RecordBytes,
    }),
    { minItems: 1, maxItems: namesPerRequest },
  ),
})
export type ResealRequest = Static<typeof ResealRequest>

export const ResealResponse = Type.Object({
  resealed: Type.Integer({ minimum: 0, description: "Replaced by this request" }),
  already: Type.Integer({ minimum: 0, description: "Found under the newest epoch, by this client or another" }),
})
export type ResealResponse = Static<typeof ResealResponse>
