/** Key sets: signed documents and grants as they travel. `formats/` reads them strictly; here only the envelope is typed. */
import { type Static, Type } from "typebox"
import { Bytes, BytesUpTo, Epoch, Time, Uuid } from "./encodings.ts"

const signedDocument = (description: string) => Type.Record(Type.String(), Type.Unknown(), { description })

export const RosterDocument = signedDocument("Roster, spec/protocol.md S4")
export const ManifestDocument = signedDocument("Manifest, spec/protocol.md S4")
export const GrantDocument = signedDocument("Grant, spec/protocol.md S4")
export const RecoveryGrantDocument = signedDocument("Recovery grant, spec/protocol.md S4")

export const RootKeys = Type.Object({ signPk: Bytes(32, "Ed25519"), kemPk: Bytes(1216, "X-Wing") })

/** Everything that a client needs to verify a key set and open its own halves (S4). */
export const KeysetBundle = Type.Object(
  {
    root: RootKeys,
    rosters: Type.Array(RosterDocument, { description: "The whole chain, ascending" }),
    manifests: Type.Array(ManifestDocument, {
      description: "The newest, or from `sinceRevision` (included) to the newest, ascending",
    }),
    grants: Type.Array(GrantDocument, { description: "The caller's own" }),
    recoveryGrants: Type.Optional(Type.Array(RecoveryGrantDocument)),
  },
  { $id: "KeysetBundle" },
)
export type KeysetBundle = Static<typeof KeysetBundle>

/** What the caller holds already: where both hashes are the newest, the answer leaves the bundle out. */
export const KnownKeyset = Type.Object({
  rosterHash: Type.Optional(Bytes(32)),
  manifestHash: Type.Optional(Bytes(32)),
  sinceRevision: Type.Optional(Type.Integer({ minimum: 1, description: "Send manifests from this revision on" })),
})
export type KnownKeyset = Static<typeof KnownKeyset>

export const KeysetSummary = Type.Object(
  {
    keysetId: Uuid,
    name: Type.String(),
    kind: Type.Union([Type.Literal("environment"), Type.Literal("tenant")]),
    state: Type.Union([Type.Literal("enabled"), Type.Literal("disabled"), Type.Literal("destroyed")]),
    revision: Type.Integer(),
    memberCount: Type.Integer(),
    mode: Type.Union([Type.String(), Type.Null()], { description: "The caller's own mode; null: not a member" }),
    createdAt: Time,
    updatedAt: Time,
    undoUntil: Type.Union([Time, Type.Null()], { description: "While it is destroyed: until when that can be undone" }),
    purgedAt: Type.Union([Time, Type.Null()], { description: "When the keys of a destroyed one were deleted" }),
  },
  { $id: "KeysetSummary" },
)
export type KeysetSummary = Static<typeof KeysetSummary>

/** `GET /v1/keysets`: what the caller may see. `member` sees its own, `admin` and `control` see all. */
export const KeysetList = Type.Object({ keysets: Type.Array(KeysetSummary) })
export type KeysetList = Static<typeof KeysetList>

/** `GET /v1/keysets/{id}` query. */
export const KeysetQuery = Type.Object({
  sinceRevision: Type.Optional(Type.Integer({ minimum: 1 })),
  recovery: Type.Optional(Type.Boolean({ description: "With the recovery grants" })),
})

/**
 * A manifest with its grants: created by `POST /v1/keysets` (201), replaced by `PUT /v1/keysets/{id}` (200,
 * compare-and-set on `revision`); both answer with the `KeysetSummary`. Grants: the ones that are not stored yet.
 */
export const KeysetChange = Type.Object({
  manifest: ManifestDocument,
  grants: Type.Array(GrantDocument, { maxItems: 10_000 }),
  recoveryGrants: Type.Optional(Type.Array(RecoveryGrantDocument, { maxItems: 1000 })),
})
export type KeysetChange = Static<typeof KeysetChange>

/** `POST /v1/keysets/{id}/self-wraps` (204): the caller's own, after its first open (S4). */
export const SelfWraps = Type.Object({
  selfWraps: Type.Array(Type.Object({ epoch: Epoch, selfWrap: Bytes(60) }), { minItems: 1, maxItems: 1000 }),
})
export type SelfWraps = Static<typeof SelfWraps>

/** Most seeds of one request (S6). */
export const seedsPerRequest = 10_000

/** `POST /v1/keysets/{id}/data-keys/generate`. */
export const GenerateRequest = Type.Object({ count: Type.Integer({ minimum: 1, maximum: seedsPerRequest }) })
export const GenerateResponse = Type.Object({
  epoch: Epoch,
  keyIds: BytesUpTo(16, 16 * seedsPerRequest, "Key ids, 16 bytes each, joined"),
  keySeeds: BytesUpTo(32, 32 * seedsPerRequest, "Key seeds, 32 bytes each, joined, in the same order"),
})
export type GenerateResponse = Static<typeof GenerateResponse>

/** `POST /v1/keysets/{id}/data-keys/retrieve`: at most 10,000 key ids in all. */
export const RetrieveRequest = Type.Object({
  groups: Type.Array(
    Type.Object({ epoch: Epoch, keyIds: BytesUpTo(16, 16 * seedsPerRequest, "Key ids, 16 bytes each, joined") }),
    { minItems: 1, maxItems: 1000 },
  ),
})
export const RetrieveResponse = Type.Object({
  groups: Type.Array(
    Type.Object({ epoch: Epoch, keySeeds: BytesUpTo(32, 32 * seedsPerRequest, "Key seeds, 32 bytes each, joined") }),
  ),
})
export type RetrieveRequest = Static<typeof RetrieveRequest>
export type RetrieveResponse = Static<typeof RetrieveResponse>
