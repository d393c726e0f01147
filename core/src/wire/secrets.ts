/** The vault: fused reads, prepare and commit, lists (S7, S10). */
import { type Static, Type } from "typebox"
import { recordLength, vaultPaddingMinimum } from "../formats/record.ts"
import { Bytes, BytesUpTo, EnvironmentRef, Epoch, SecretNameText, Time, Uuid, Version } from "./encodings.ts"
import { KeysetBundle, KnownKeyset } from "./keysets.ts"

/** Most names of one request. */
export const namesPerRequest = 500
/** A read stops adding records to an answer above this many bytes and names the rest. */
export const readAnswerBytes = 8 * 1024 * 1024
/** Least bytes of a record of the vault: that of a tombstone. */
const recordMinLength = recordLength(1, vaultPaddingMinimum)
/** Above every record that a server can be configured for (1 MiB), so that the vault can say which value is too large. */
const recordMaxLength = 1_200_000
export const RecordBytes = BytesUpTo(recordMinLength, recordMaxLength, "Record of S7")

export const SecretMetadata = Type.Object(
  {
    id: Uuid,
    name: Type.String(),
    version: Version,
    deleted: Type.Boolean(),
    createdAt: Time,
    updatedAt: Time,
  },
  { $id: "SecretMetadata" },
)
export type SecretMetadata = Static<typeof SecretMetadata>

const NameAndVersion = Type.Object({
  name: SecretNameText,
  version: Type.Optional(Version),
})

/** `POST /v1/secrets/read`: named secrets, or without `secrets` all live ones in order of name. */
export const ReadRequest = Type.Object({
  environment: EnvironmentRef,
  secrets: Type.Optional(Type.Array(NameAndVersion, { minItems: 1, maxItems: namesPerRequest })),
  after: Type.Optional(SecretNameText),
  known: Type.Optional(KnownKeyset),
})
export type ReadRequest = Static<typeof ReadRequest>

export const ReadRecord = Type.Object({
  id: Uuid,
  name: Type.String(),
  version: Version,
  deleted: Type.Boolean({ description: "As the server sees it; the record itself says it under seal" }),
  record: RecordBytes,
  keySeed: Bytes(32),
  createdAt: Time,
  updatedAt: Time,
})

export const ReadResponse = Type.Object({
  keyset: Type.Optional(KeysetBundle),
  records: Type.Array(ReadRecord),
  missing: Type.Array(NameAndVersion, { description: "Asked for and never written" }),
  rest: Type.Array(NameAndVersion, { description: "Asked for, left out for size: ask again" }),
  next: Type.Union([Type.String(), Type.Null()], { description: "`after` of the next request, without `secrets`" }),
})
export type ReadResponse = Static<typeof ReadResponse>

/** `POST /v1/secrets/prepare`. */
export const PrepareRequest = Type.Object({
  environment: EnvironmentRef,
  names: Type.Array(SecretNameText, { minItems: 1, maxItems: namesPerRequest }),
  known: Type.Optional(KnownKeyset),
})
export type PrepareRequest = Static<typeof PrepareRequest>

export const PrepareResponse = Type.Object({
  keyset: Type.Optional(KeysetBundle),
  epoch: Epoch,
  secrets: Type.Array(
    Type.Object({
      name: Type.String(),
      currentVersion: Type.Integer({ minimum: 0, description: "0: never written" }),
      deleted: Type.Boolean(),
      nextVersion: Version,
      keyId: Bytes(16),
      keySeed: Bytes(32),
    }),
    { description: "In the order asked" },
  ),
})
export type PrepareResponse = Static<typeof PrepareResponse>

/** `POST /v1/secrets/commit`: all or nothing; sending the identical writes again is answered as before. */
export const CommitRequest = Type.Object({
  environment: EnvironmentRef,
  writes: Type.Array(
    Type.Object({
      name: SecretNameText,
      previousVersion: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
      version: Version,
      deleted: Type.Boolean(),
      record: RecordBytes,
    }),
    { minItems: 1, maxItems: namesPerRequest },
  ),
})
export type CommitRequest = Static<typeof CommitRequest>

export const CommitResponse = Type.Object({
  secrets: Type.Array(SecretMetadata, { description: "In the order written" }),
})
export type CommitResponse = Static<typeof CommitResponse>

/** `GET /v1/secrets` query and answer. */
export const ListQuery = Type.Object({
  environment: EnvironmentRef,
  prefix: Type.Optional(SecretNameText),
  after: Type.Optional(SecretNameText),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  deleted: Type.Optional(Type.Boolean({ description: "With deleted ones" })),
})
export type ListQuery = Static<typeof ListQuery>
export const ListResponse = Type.Object({
  secrets: Type.Array(SecretMetadata),
  next: Type.Union([Type.String(), Type.Null()]),
})
export type ListResponse = Static<typeof ListResponse>

/** `GET /v1/secrets/{name}/versions?environment=`: newest first. */
export const HistoryQuery = Type.Object({ environment: EnvironmentRef })
export const HistoryResponse = Type.Object({
  name: Type.String(),
  versions: Type.Array(
    Type.Object({
      version: Version,
      deleted: Type.Boolean(),
      createdAt: Time,
      clientId: Type.String({ description: "Who wrote it, as the server saw it" }),
      epoch: Epoch,
      size: Type.Integer({ description: "Bytes of the padded record" }),
    }),
  ),
})
export type HistoryResponse = Static<typeof HistoryResponse>
