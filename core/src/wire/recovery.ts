/**
 * Recovery (S5): who lost every client has no token. `Authorization: Bearer` carries an assertion of the workspace's root:
 * a JWT, `typ` `root-authentication+jwt`, `iss` and `sub` the workspace id, `aud` the CRN, `jti` used once, at most 60 s.
 */
import { type Static, Type } from "typebox"
import { CreatedApiKey, NewApiKey, NewClient } from "./clients.ts"
import { Uuid } from "./encodings.ts"
import { KeysetChange, ManifestDocument, RecoveryGrantDocument, RootKeys, RosterDocument } from "./keysets.ts"

/** `POST /v1/recovery/read`. */
export const RecoveryReadRequest = Type.Object({
  since: Type.Optional(
    Type.Array(Type.Object({ keysetId: Uuid, revision: Type.Integer({ minimum: 1 }) }), {
      maxItems: 10_000,
      description: "What this machine has seen before (S10): send these manifests from the revision on",
    }),
  ),
})
export type RecoveryReadRequest = Static<typeof RecoveryReadRequest>

export const RecoveryReadResponse = Type.Object({
  workspaceCRN: Type.String(),
  root: RootKeys,
  rosters: Type.Array(RosterDocument, { description: "The whole chain, ascending" }),
  keysets: Type.Array(
    Type.Object({
      manifests: Type.Array(ManifestDocument, { description: "The newest, or from the revision asked for, ascending" }),
      recoveryGrants: Type.Array(RecoveryGrantDocument),
    }),
  ),
})
export type RecoveryReadResponse = Static<typeof RecoveryReadResponse>

/** `POST /v1/recovery/commit`: all or nothing. Every other client and API key of the workspace is revoked with it. */
export const RecoveryCommitRequest = Type.Object({
  roster: RosterDocument,
  client: NewClient,
  apiKey: Type.Omit(NewApiKey, ["clientId"]),
  keysets: Type.Array(KeysetChange, { maxItems: 10_000 }),
})
export type RecoveryCommitRequest = Static<typeof RecoveryCommitRequest>
export const RecoveryCommitResponse = Type.Object({ workspaceCRN: Type.String(), apiKey: CreatedApiKey })
export type RecoveryCommitResponse = Static<typeof RecoveryCommitResponse>
