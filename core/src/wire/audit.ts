/** The audit log (S12): entries, the newest checkpoint, proofs. All need `audit:read`, and are entries themselves. */
import { type Static, Type } from "typebox"
import { proofMaxLength } from "../formats/merkle-proof.ts"
import { noteMaxLength } from "../formats/signed-note.ts"
import { ApiKeyIdText, Bytes, EnvironmentRef, SecretNameText, Time, Uuid } from "./encodings.ts"

/** Most entries of one answer. */
export const auditEntriesPerAnswer = 1000

const LeafIndex = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: "From 0, without gaps" })
const TreeSize = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: "Number of entries" })

/** `GET /v1/audit/entries`: those that fit every filter given, also if no checkpoint covers them yet. */
export const AuditEntriesQuery = Type.Object({
  after: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description:
        "Only entries of a greater index (asc) or a smaller one (desc); without it from the first or the newest",
    }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: auditEntriesPerAnswer, description: "100 if absent" })),
  order: Type.Optional(Type.Union([Type.Literal("asc"), Type.Literal("desc")], { description: "asc if absent" })),
  since: Type.Optional(Time),
  until: Type.Optional(Time),
  client: Type.Optional(Uuid),
  apiKey: Type.Optional(ApiKeyIdText),
  environment: Type.Optional(EnvironmentRef),
  name: Type.Optional(SecretNameText),
  action: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  outcome: Type.Optional(Type.Union([Type.Literal("allowed"), Type.Literal("denied")])),
})
export type AuditEntriesQuery = Static<typeof AuditEntriesQuery>

export const AuditEntriesResponse = Type.Object({
  entries: Type.Array(
    Type.Object({
      index: LeafIndex,
      entry: Type.String({ description: "Exactly the canonical JSON whose leaf hash is in the tree" }),
    }),
    { maxItems: auditEntriesPerAnswer },
  ),
  next: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: "`after` of the next request; absent when there is no more. A page may be empty and have a next one",
    }),
  ),
  archived: Type.Optional(
    Type.Array(
      Type.Object({
        first: LeafIndex,
        last: LeafIndex,
        file: Type.String({ description: "Its name, without the directory" }),
        hash: Bytes(32, "SHA-256 of the file"),
        time: Time,
      }),
      { description: "Entries that this request passed over: the server's operator moved them into files" },
    ),
  ),
})
export type AuditEntriesResponse = Static<typeof AuditEntriesResponse>

/** `GET /v1/audit/checkpoint`. */
export const AuditCheckpointResponse = Type.Object({
  checkpoint: Type.String({ maxLength: noteMaxLength, description: "C2SP checkpoint: a signed note" }),
  time: Time,
})
export type AuditCheckpointResponse = Static<typeof AuditCheckpointResponse>

/** `GET /v1/audit/proof`: `leaf` and `size` for inclusion, or `from` and `to` for consistency; nothing else together. */
export const AuditProofQuery = Type.Object({
  leaf: Type.Optional(Bytes(32, "Leaf hash: a receipt")),
  size: Type.Optional(TreeSize),
  from: Type.Optional(TreeSize),
  to: Type.Optional(TreeSize),
})
export type AuditProofQuery = Static<typeof AuditProofQuery>

const ProofHashes = Type.Array(Bytes(32), { maxItems: proofMaxLength, description: "As RFC 6962 orders them" })

export const AuditInclusionResponse = Type.Object({ index: LeafIndex, size: TreeSize, hashes: ProofHashes })
export type AuditInclusionResponse = Static<typeof AuditInclusionResponse>

export const AuditConsistencyResponse = Type.Object({ hashes: ProofHashes })
export type AuditConsistencyResponse = Static<typeof AuditConsistencyResponse>
