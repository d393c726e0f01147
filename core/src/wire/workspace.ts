/** Workspaces: creation with the server's one-time setup token, and the caller's own. */
import { type Static, Type } from "typebox"
import { CreatedApiKey, NewApiKey, NewClient, Role } from "./clients.ts"
import { ApiKeyIdText, Bytes, Time, Uuid } from "./encodings.ts"
import { KeysetChange, RootKeys, RosterDocument } from "./keysets.ts"

/** `POST /v1/workspaces`, `Authorization: Bearer hkst_…`: everything was made and signed on the caller's machine. */
export const CreateWorkspaceRequest = Type.Object({
  workspaceCRN: Type.String({ maxLength: 120 }),
  root: RootKeys,
  roster: RosterDocument,
  client: NewClient,
  apiKey: Type.Omit(NewApiKey, ["clientId"]),
  keysets: Type.Array(KeysetChange, { minItems: 1, maxItems: 100 }),
})
export type CreateWorkspaceRequest = Static<typeof CreateWorkspaceRequest>
export const CreateWorkspaceResponse = Type.Object({ workspaceCRN: Type.String(), apiKey: CreatedApiKey })
export type CreateWorkspaceResponse = Static<typeof CreateWorkspaceResponse>

/** `GET /v1/workspace`. */
export const Workspace = Type.Object({
  workspaceCRN: Type.String(),
  createdAt: Time,
  root: RootKeys,
  rosters: Type.Array(RosterDocument),
  auditKey: Bytes(32),
  caller: Type.Object({
    clientId: Type.Union([Uuid, Type.Null()]),
    apiKeyId: Type.Union([ApiKeyIdText, Type.Null()], { description: "null: a person's device (S9)" }),
    role: Role,
    scopes: Type.Array(Type.String()),
    narrowing: Type.Union(
      [
        Type.Object({
          readOnly: Type.Boolean(),
          environments: Type.Union([Type.Array(Type.String()), Type.Null()], { description: "Names; null: all" }),
          networks: Type.Union([Type.Array(Type.String()), Type.Null()]),
          expiresAt: Type.Union([Time, Type.Null()], { description: "By its own expiry, or the end of an overlap" }),
        }),
        Type.Null(),
      ],
      { description: "What narrows the API key; null: a person's device" },
    ),
  }),
})
export type Workspace = Static<typeof Workspace>

/** `GET /v1/roster`. */
export const RosterChain = Type.Object({ root: RootKeys, rosters: Type.Array(RosterDocument) })
export type RosterChain = Static<typeof RosterChain>

/**
 * `PUT /v1/roster` (compare-and-set on `seq`): the next roster, and the manifests that are signed again under it, all or
 * nothing. Refused while any key set would be left with a signer who does not count under it (S4).
 */
export const RosterChange = Type.Object({
  roster: RosterDocument,
  keysets: Type.Array(KeysetChange, { maxItems: 10_000 }),
  restored: Type.Optional(
    Type.Boolean({
      description:
        "It was signed before the server's database was restored: it may name an audit key that was lost since (S10)",
    }),
  ),
})
export type RosterChange = Static<typeof RosterChange>
