/** API keys: made by the server, shown once, kept as a hash (S3, S8). */
import { isLabel } from "@halfkey/core/formats/environment-name"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import {
  type ApiKeyId,
  type ClientId,
  isApiKeyId,
  isClientId,
  type KeysetId,
  type WorkspaceId,
} from "@halfkey/core/formats/ids"
import { formatApiKey } from "@halfkey/core/formats/text-keys"
import { toBase32 } from "@halfkey/core/primitives/bytes"
import { sha256 } from "@halfkey/core/primitives/hash"
import type { RandomSource } from "@halfkey/core/primitives/random"
import {
  type ApiKey,
  type ApiKeyList,
  type CreatedApiKey,
  type NewApiKey,
  overlapSecondsDefault,
  type RotateApiKeyRequest,
  type RotatedApiKey,
} from "@halfkey/core/wire/clients"
import { parseNetwork } from "../../addresses.ts"
import type { Answer, Caller } from "../../domain/caller.ts"
import type { ApiKeyRow } from "../../domain/rows.ts"
import type { Store } from "../../domain/store.ts"
import { environmentNotFound } from "../keys/keyset-access.ts"
import { timeText, timeTextOrNull } from "../time-text.ts"
import type { Access } from "./access.ts"
import { endOf } from "./api-key-rules.ts"
import type { Gate } from "./gate.ts"
import type { LastUses } from "./last-uses.ts"

export interface ApiKeysParts {
  readonly gate: Gate
  readonly store: Store
  readonly uses: LastUses
  readonly now: () => number
  readonly random: RandomSource
}

export class ApiKeys {
  readonly #parts: ApiKeysParts

  constructor(parts: ApiKeysParts) {
    this.#parts = parts
  }

  list(caller: Caller): Promise<Answer<ApiKeyList>> {
    const { gate, store, uses } = this.#parts
    return gate.decide(caller, "api-key.list", async (access) => {
      const rows = await store.apiKeys(access.workspace.row.id)
      const names = await keysetNames(store, access.workspace.row.id)
      // A key for some environments learns the names of those alone; of others it sees the ids.
      const allowed = access.apiKey.keysetIds
      if (allowed !== null) for (const id of names.keys()) if (!allowed.includes(id)) names.delete(id)
      const lastUse = await uses.of(access.workspace.row.id)
      await gate.append(access)
      return { apiKeys: rows.map((row) => apiKeyToWire(row, names, lastUse(row.id))) }
    })
  }

  create(caller: Caller, request: NewApiKey): Promise<Answer<CreatedApiKey>> {
    const { gate, store, now, random } = this.#parts
    return gate.decide(caller, "api-key.create", async (access) => {
      const clientId = await boundClient(access, request)
      const keysetIds = await keysetIdsOf(access, store, request.environments)
      const { row, secret } = newApiKey(request, {
        workspaceId: access.workspace.row.id,
        clientId,
        keysetIds,
        now: now(),
        random,
      })
      access.details.subject = row.id
      await store.createApiKey(access.guard(), row)
      return { apiKey: apiKeyToWire(row, await keysetNames(store, row.workspaceId), null), secret }
    })
  }

  /** Works at once on every replica. Doing it again changes nothing. */
  revoke(caller: Caller, apiKeyId: string): Promise<Answer<ApiKey>> {
    const { gate, store, uses, now } = this.#parts
    return gate.decide(caller, "api-key.revoke", async (access) => {
      const row = await existing(access, apiKeyId)
      const revokedAt = row.revokedAt ?? now()
      await store.revokeApiKey(access.guard(), { apiKeyId: row.id, revokedAt })
      const lastUse = await uses.of(row.workspaceId)
      return apiKeyToWire({ ...row, revokedAt }, await keysetNames(store, row.workspaceId), lastUse(row.id))
    })
  }

  /**
   * Makes a key that is for the same and narrowed in the same way, its end included, and gives the old one the end of the
   * overlap: both in one transaction. Throws `already_exists` where another one took its place before.
   */
  rotate(caller: Caller, apiKeyId: string, request: RotateApiKeyRequest): Promise<Answer<RotatedApiKey>> {
    const { gate, store, uses, now, random } = this.#parts
    return gate.decide(caller, "api-key.rotate", async (access) => {
      access.requireAny(["api_key:revoke"])
      const old = await existing(access, apiKeyId)
      const at = now()
      await requireRotatable(access, old, at)
      const { row, secret } = successorOf(old, at, random)
      access.details.subject = `${old.id} to ${row.id}`
      const retiresAt = at + (request.overlapSeconds ?? overlapSecondsDefault) * 1000
      await store.rotateApiKey(access.guard(), { apiKeyId: old.id, retiresAt, successor: row })
      const names = await keysetNames(store, old.workspaceId)
      const rotated = { ...old, rotatedTo: row.id, retiresAt }
      const lastUse = await uses.of(old.workspaceId)
      return {
        apiKey: apiKeyToWire(row, names, null),
        secret,
        rotated: apiKeyToWire(rotated, names, lastUse(old.id)),
      }
    })
  }
}

/** Throws `api_key_not_found`. */
async function existing(access: Access, apiKeyId: string): Promise<ApiKeyRow> {
  const row = isApiKeyId(apiKeyId) ? await access.workspace.apiKey(apiKeyId) : undefined
  if (row === undefined) {
    throw new HalfkeyError("api_key_not_found", "there is no such API key in this workspace", {
      hint: "halfkey keys list shows them",
    })
  }
  access.details.subject = row.id
  return row
}

/** A key that does not work any more has nobody to hand over to, and one key has one successor. */
async function requireRotatable(access: Access, old: ApiKeyRow, now: number): Promise<void> {
  const refuse = (why: string) =>
    new HalfkeyError("invalid_request", `the API key ${old.id} cannot be rotated: ${why}`, {
      hint: "make a new one: halfkey keys create",
    })
  if (old.revokedAt !== null) throw refuse("it is revoked")
  if (old.rotatedTo !== null) {
    throw new HalfkeyError(
      "already_exists",
      `the API key ${old.id} was rotated already: ${old.rotatedTo} took its place`,
      {
        hint: `halfkey keys rotate ${old.rotatedTo} --overlap 0, if nobody got that one`,
      },
    )
  }
  if (old.expiresAt !== null && old.expiresAt <= now) throw refuse("it expired")
  const client = old.clientId === null ? null : await access.workspace.client(old.clientId)
  if (client === undefined || (client !== null && client.revokedAt !== null)) throw refuse("its client is revoked")
}

function successorOf(old: ApiKeyRow, now: number, random: RandomSource) {
  const { label, role, readOnly, networks, expiresAt, workspaceId, clientId, keysetIds } = old
  const request = {
    label,
    role,
    readOnly,
    ...(networks !== null && { networks: [...networks] }),
    ...(expiresAt !== null && { expiresAt: timeText(expiresAt) }),
  }
  return newApiKey(request, { workspaceId, clientId, keysetIds, now, random })
}

/** Whom a new key is bound to: the client named, or the caller's own. */
async function boundClient(access: Access, request: NewApiKey): Promise<ClientId | null> {
  if (request.clientId === null) {
    if (request.role === "control") return null
    throw new HalfkeyError("invalid_request", `a key of role ${request.role} must be bound to a client`, {
      hint: "name its client; only a control key can do without",
    })
  }
  const clientId = request.clientId ?? access.requireClient()
  const client = isClientId(clientId) ? await access.workspace.client(clientId) : undefined
  if (client === undefined) {
    throw new HalfkeyError("client_not_found", "there is no such client in this workspace", {
      hint: "halfkey clients list shows them",
    })
  }
  if (client.revokedAt !== null) throw new HalfkeyError("invalid_request", `the client ${client.id} is revoked`)
  return client.id
}

/** The key sets that a new key is narrowed to. Throws `keyset_not_found`. */
export async function keysetIdsOf(access: Access, store: Store, environments: readonly string[] | undefined) {
  if (environments === undefined) return null
  const ids = new Set<KeysetId>()
  for (const environment of environments) {
    const keyset = await access.workspace.keyset(environment)
    if (keyset === undefined) throw await environmentNotFound(access, store, environment)
    ids.add(keyset.row.id)
  }
  return [...ids]
}

/** Makes a key. Throws `invalid_request` for a label, network or expiry that is not usable. */
export function newApiKey(
  request: Omit<NewApiKey, "clientId" | "environments">,
  context: {
    readonly workspaceId: WorkspaceId
    readonly clientId: ClientId | null
    readonly keysetIds: readonly KeysetId[] | null
    readonly now: number
    readonly random: RandomSource
  },
): { readonly row: ApiKeyRow; readonly secret: string } {
  const { workspaceId, clientId, keysetIds, now, random } = context
  if (!isLabel(request.label)) throw new HalfkeyError("invalid_request", "the label holds characters that nobody sees")
  const badNetwork = request.networks?.find((network) => parseNetwork(network) === undefined)
  if (badNetwork !== undefined) {
    throw new HalfkeyError("invalid_request", "one of the networks is not CIDR", {
      hint: "write networks as 10.0.0.0/8 or 2001:db8::/32",
    })
  }
  const expiresAt = request.expiresAt === undefined ? null : Date.parse(request.expiresAt)
  if (expiresAt !== null && !(expiresAt > now)) {
    throw new HalfkeyError("invalid_request", "expiresAt is not a time in the future")
  }
  const id = toBase32(random(10)).toLowerCase() as ApiKeyId
  const secret = random(32)
  const row: ApiKeyRow = {
    id,
    workspaceId,
    label: request.label,
    role: request.role,
    clientId,
    secretHash: sha256(secret),
    readOnly: request.readOnly ?? false,
    keysetIds,
    networks: request.networks ?? null,
    createdAt: now,
    expiresAt,
    revokedAt: null,
    rotatedTo: null,
    retiresAt: null,
  }
  return { row, secret: formatApiKey({ keyId: id, secret }) }
}

export function apiKeyToWire(
  row: ApiKeyRow,
  keysetNames: ReadonlyMap<KeysetId, string>,
  lastUsedAt: number | null,
): ApiKey {
  return {
    id: row.id,
    label: row.label,
    role: row.role,
    clientId: row.clientId,
    readOnly: row.readOnly,
    environments: row.keysetIds?.map((id) => keysetNames.get(id) ?? id) ?? null,
    networks: row.networks && [...row.networks],
    createdAt: timeText(row.createdAt),
    expiresAt: timeTextOrNull(endOf(row)),
    revokedAt: timeTextOrNull(row.revokedAt),
    rotatedTo: row.rotatedTo,
    lastUsedAt: timeTextOrNull(lastUsedAt),
  }
}

export async function keysetNames(store: Store, workspaceId: WorkspaceId): Promise<Map<KeysetId, string>> {
  return new Map((await store.keysets(workspaceId)).map(({ id, name }) => [id, name]))
}
