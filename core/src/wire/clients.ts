/**
 * Clients and API keys. `DELETE /v1/clients/{id}` answers 200 with the `Client` as it is now (its `environments` still
 * list the manifests that name it), `DELETE /v1/api-keys/{id}` 200 with the `ApiKey`; both may be repeated.
 */
import { type Static, Type } from "typebox"
import { ApiKeyIdText, Bytes, Label, Time, Uuid } from "./encodings.ts"
import { KeysetChange } from "./keysets.ts"

export const NewClient = Type.Object({
  clientId: Uuid,
  signPk: Bytes(32, "Ed25519"),
  kemPk: Bytes(1216, "X-Wing"),
  label: Label,
})
export type NewClient = Static<typeof NewClient>

/** What a device may do without an API key: as API keys of that role. */
export const DeviceRole = Type.Union([Type.Literal("admin"), Type.Literal("member")])

const LastUse = Type.Union([Time, Type.Null()], {
  description: "Its last use; null: never, as far as is known. A crash of the server loses the last minute of this",
})

export const Client = Type.Object(
  {
    ...NewClient.properties,
    granter: Type.Boolean(),
    device: Type.Union([DeviceRole, Type.Null()], {
      description: "What a person's device may do: it needs no API key (S9); null: not a device",
    }),
    environments: Type.Array(Type.Object({ name: Type.String(), keysetId: Uuid, mode: Type.String() })),
    createdAt: Time,
    lastUsedAt: LastUse,
    revokedAt: Type.Union([Time, Type.Null()]),
  },
  { $id: "Client" },
)
export type Client = Static<typeof Client>
export const ClientList = Type.Object({ clients: Type.Array(Client) })
export type ClientList = Static<typeof ClientList>

export const Role = Type.Union([Type.Literal("admin"), Type.Literal("member"), Type.Literal("control")])

/** What is asked for in a new API key (S8): role, the client it is bound to, and how it is narrowed. */
export const NewApiKey = Type.Object({
  label: Label,
  role: Role,
  clientId: Type.Optional(Type.Union([Uuid, Type.Null()], { description: "null: bound to none, role `control` only" })),
  readOnly: Type.Optional(Type.Boolean()),
  environments: Type.Optional(Type.Array(Type.String({ maxLength: 63 }), { minItems: 1, maxItems: 100 })),
  networks: Type.Optional(
    Type.Array(Type.String({ maxLength: 50, description: "CIDR, as 10.0.0.0/8 or 2001:db8::/32" }), {
      minItems: 1,
      maxItems: 100,
    }),
  ),
  expiresAt: Type.Optional(Time),
})
export type NewApiKey = Static<typeof NewApiKey>

export const ApiKey = Type.Object(
  {
    id: ApiKeyIdText,
    label: Label,
    role: Role,
    clientId: Type.Union([Uuid, Type.Null()]),
    readOnly: Type.Boolean(),
    environments: Type.Union([Type.Array(Type.String()), Type.Null()], { description: "Names; null: not narrowed" }),
    networks: Type.Union([Type.Array(Type.String()), Type.Null()]),
    createdAt: Time,
    expiresAt: Type.Union([Time, Type.Null()], { description: "By its own expiry, or the end of an overlap" }),
    revokedAt: Type.Union([Time, Type.Null()]),
    rotatedTo: Type.Union([ApiKeyIdText, Type.Null()], { description: "The key that took its place" }),
    lastUsedAt: LastUse,
  },
  { $id: "ApiKey" },
)
export type ApiKey = Static<typeof ApiKey>
export const ApiKeyList = Type.Object({ apiKeys: Type.Array(ApiKey) })
export type ApiKeyList = Static<typeof ApiKeyList>

/** Answer to `POST /v1/api-keys`: the only time that the secret is shown. */
export const CreatedApiKey = Type.Object({ apiKey: ApiKey, secret: Type.String({ description: "hkak_…, shown once" }) })
export type CreatedApiKey = Static<typeof CreatedApiKey>

/** A day: long enough to bring the new key everywhere. */
export const overlapSecondsDefault = 24 * 60 * 60
/** 30 days. */
export const overlapSecondsMax = 30 * overlapSecondsDefault

/** `POST /v1/api-keys/{id}/rotate`. */
export const RotateApiKeyRequest = Type.Object({
  overlapSeconds: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: overlapSecondsMax,
      description: "So long the old key works beside the new one, unless it ends before; default: a day",
    }),
  ),
})
export type RotateApiKeyRequest = Static<typeof RotateApiKeyRequest>

/** Answer to it: the new key as when it is created, and the old one with its end. */
export const RotatedApiKey = Type.Object({ ...CreatedApiKey.properties, rotated: ApiKey })
export type RotatedApiKey = Static<typeof RotatedApiKey>

/** `POST /v1/clients`: registers a client and makes it a member of key sets, all or nothing. */
export const CreateClientRequest = Type.Object({
  client: NewClient,
  apiKey: Type.Optional(Type.Omit(NewApiKey, ["clientId"])),
  device: Type.Optional(
    Type.Object({ role: DeviceRole }, { description: "Lets in a device that waits, by its id and keys (S9)" }),
  ),
  keysets: Type.Array(KeysetChange, { maxItems: 100 }),
})
export type CreateClientRequest = Static<typeof CreateClientRequest>
export const CreateClientResponse = Type.Object({ client: Client, apiKey: Type.Optional(CreatedApiKey) })
export type CreateClientResponse = Static<typeof CreateClientResponse>
