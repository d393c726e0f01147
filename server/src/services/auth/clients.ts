/** Clients (S3, S5): registering with memberships, listing, revoking. */

import { clientKeysProblem } from "@halfkey/core/formats/client-keys"
import { isLabel } from "@halfkey/core/formats/environment-name"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { type ClientId, isClientId, isKeysetId, type KeysetId, type WorkspaceId } from "@halfkey/core/formats/ids"
import { fromBase64Url, toBase64Url } from "@halfkey/core/primitives/bytes"
import type { RandomSource } from "@halfkey/core/primitives/random"
import type {
  Client,
  ClientList,
  CreateClientRequest,
  CreateClientResponse,
  NewClient,
} from "@halfkey/core/wire/clients"
import type { Answer, Caller } from "../../domain/caller.ts"
import type { ClientRow, MembershipRow } from "../../domain/rows.ts"
import type { Store } from "../../domain/store.ts"
import type { KeysetInput } from "../../domain/store-inputs.ts"
import { type KeysetChanges, newestRoster, surroundingsOf } from "../keys/keyset-changes.ts"
import { readManifest, refused } from "../keys/keyset-checks.ts"
import { requireSameState } from "../keys/keyset-states.ts"
import { requireFor } from "../keys/keysets.ts"
import { timeText, timeTextOrNull } from "../time-text.ts"
import type { Access } from "./access.ts"
import { apiKeyToWire, keysetIdsOf, keysetNames, newApiKey } from "./api-keys.ts"
import type { Gate } from "./gate.ts"
import type { LastUses } from "./last-uses.ts"

export interface ClientsParts {
  readonly gate: Gate
  readonly store: Store
  readonly changes: KeysetChanges
  readonly uses: LastUses
  readonly now: () => number
  readonly random: RandomSource
}

export class Clients {
  readonly #parts: ClientsParts

  constructor(parts: ClientsParts) {
    this.#parts = parts
  }

  list(caller: Caller): Promise<Answer<ClientList>> {
    const { gate, store } = this.#parts
    return gate.decide(caller, "client.list", async (access) => {
      const rows = await store.clients(access.workspace.row.id)
      const view = await clientView(access, store, this.#parts.uses)
      await gate.append(access)
      return { clients: rows.map(view) }
    })
  }

  /** Registers a client and stores the manifests that make it a member, all or nothing. */
  create(caller: Caller, request: CreateClientRequest): Promise<Answer<CreateClientResponse>> {
    const { gate, store } = this.#parts
    return gate.decide(caller, "client.create", async (access) => {
      const client = {
        ...newClientRow(access.workspace.row.id, request.client, this.#parts.now()),
        deviceRole: request.device?.role ?? null,
      }
      access.details.subject = client.id
      if (request.device !== undefined) await this.#requireWaitingDevice(access, client.id, request)
      const made = request.apiKey && (await this.#newApiKey(access, client, request.apiKey))
      const keysets = await this.#memberships(access, client, request)
      await store.createClient(access.guard(), { client, apiKey: made?.row, keysets })
      const environments = keysets.flatMap(({ keyset, members }) =>
        members
          .filter(({ clientId }) => clientId === client.id)
          .map(({ mode }) => ({ name: keyset.name, keysetId: keyset.id, mode })),
      )
      const names = await keysetNames(store, client.workspaceId)
      return {
        client: clientToWire(client, false, environments, null),
        ...(made && { apiKey: { apiKey: apiKeyToWire(made.row, names, null), secret: made.secret } }),
      }
    })
  }

  /** Its tokens and seeds stop at once; the manifests are re-signed by a granter afterwards. Repeating changes nothing. */
  revoke(caller: Caller, clientId: string): Promise<Answer<Client>> {
    const { gate, store, now } = this.#parts
    return gate.decide(caller, "client.revoke", async (access) => {
      const client = isClientId(clientId) ? await access.workspace.client(clientId) : undefined
      if (client === undefined) {
        throw new HalfkeyError("client_not_found", "there is no such client in this workspace", {
          hint: "halfkey clients list shows them",
        })
      }
      access.details.subject = client.id
      await requireNoGranter(access, client.id)
      const view = await clientView(access, store, this.#parts.uses)
      const revokedAt = client.revokedAt ?? now()
      await store.revokeClient(access.guard(), { clientId: client.id, revokedAt })
      return view({ ...client, revokedAt })
    })
  }

  /** Approving a device gives it what an API key would give (S9). */
  async #requireWaitingDevice(access: Access, id: ClientId, { apiKey }: CreateClientRequest): Promise<void> {
    access.requireAny(["api_key:create"])
    if (apiKey !== undefined) throw new HalfkeyError("invalid_request", "a device needs no API key")
    const pending = await this.#parts.store.pendingDevice(access.workspace.row.id, id)
    if (pending === undefined) throw deviceNotFound(`no device ${id} waits`)
    const { expiresAt, rejectedAt } = pending
    if (rejectedAt !== null) throw deviceNotFound(`the device ${id} was rejected at ${timeText(rejectedAt)}`)
    if (expiresAt <= this.#parts.now()) throw deviceNotFound(`the device ${id} waited until ${timeText(expiresAt)}`)
  }

  async #newApiKey(access: Access, client: ClientRow, request: NonNullable<CreateClientRequest["apiKey"]>) {
    access.requireAny(["api_key:create"])
    return newApiKey(request, {
      workspaceId: client.workspaceId,
      clientId: client.id,
      keysetIds: await keysetIdsOf(access, this.#parts.store, request.environments),
      now: this.#parts.now(),
      random: this.#parts.random,
    })
  }

  async #memberships(access: Access, client: ClientRow, request: CreateClientRequest): Promise<KeysetInput[]> {
    const surroundings = await surroundingsOf(access.workspace, client)
    const seen = new Set<KeysetId>()
    const inputs: KeysetInput[] = []
    for (const change of request.keysets) {
      const { keysetId } = readManifest(change)
      const keyset = isKeysetId(keysetId) ? await access.workspace.keyset(keysetId) : undefined
      if (keyset === undefined) throw new HalfkeyError("keyset_not_found", `there is no key set ${keysetId}`)
      if (seen.has(keysetId)) throw refused("manifest", "the same key set is changed twice")
      seen.add(keysetId)
      const { previous, manifest, input } = await this.#parts.changes.update(keyset.row, change, surroundings)
      requireSameState(previous, manifest)
      requireFor(access, previous, manifest)
      inputs.push(input)
    }
    return inputs
  }
}

/** How clients are shown: with their environments, of those that the API key is for. */
export async function clientView(access: Access, store: Store, uses: LastUses): Promise<(client: ClientRow) => Client> {
  const workspaceId = access.workspace.row.id
  const lastUse = await uses.of(workspaceId)
  const names = await keysetNames(store, workspaceId)
  const { granters } = await newestRoster(access.workspace)
  const granterIds = new Set<string>(granters.map(({ clientId }) => clientId))
  const allowed = access.apiKey.keysetIds
  const byClient = Map.groupBy(await store.memberships(workspaceId), ({ clientId }) => clientId)
  return (client) => {
    const own = (byClient.get(client.id) ?? []).filter(({ keysetId }) => allowed?.includes(keysetId) ?? true)
    return clientToWire(client, granterIds.has(client.id), own.map(environmentOf(names)), lastUse(client.id))
  }
}

/** Whoever signs who is a member is taken off the roster first. Throws `invalid_request`. */
export async function requireNoGranter(access: Access, clientId: ClientId): Promise<void> {
  const roster = await newestRoster(access.workspace)
  if (!roster.granters.some((granter) => granter.clientId === clientId)) return
  throw new HalfkeyError("invalid_request", `the client ${clientId} is a granter: it signs who is a member`, {
    hint: `remove it first: halfkey granters remove ${clientId}`,
  })
}

export function deviceNotFound(why: string): HalfkeyError {
  return new HalfkeyError("device_not_found", why, {
    hint: "halfkey devices list shows which wait; halfkey login on the device files it again",
  })
}

const environmentOf =
  (names: ReadonlyMap<KeysetId, string>) =>
  ({ keysetId, mode }: MembershipRow) => ({ name: names.get(keysetId) ?? keysetId, keysetId, mode })

/** Throws `invalid_document`, check "client", for keys that are not the id's. */
export function newClientRow(workspaceId: WorkspaceId, request: NewClient, now: number): ClientRow {
  const { clientId: id, label } = request
  const signPk = fromBase64Url(request.signPk)
  const kemPk = fromBase64Url(request.kemPk)
  if (!isClientId(id) || signPk === undefined || kemPk === undefined) {
    throw refused("client", "its id is no client id, or a key is not canonical base64url")
  }
  const problem = clientKeysProblem(workspaceId, { clientId: id, signPk, kemPk })
  if (problem !== undefined) throw refused("client", problem)
  if (!isLabel(label)) throw new HalfkeyError("invalid_request", "the label holds characters that nobody sees")
  return { id, workspaceId, label, signPk, kemPk, deviceRole: null, createdAt: now, revokedAt: null }
}

function clientToWire(
  client: ClientRow,
  granter: boolean,
  environments: Client["environments"],
  lastUsedAt: number | null,
): Client {
  return {
    clientId: client.id,
    signPk: toBase64Url(client.signPk),
    kemPk: toBase64Url(client.kemPk),
    label: client.label,
    granter,
    device: client.deviceRole,
    environments,
    createdAt: timeText(client.createdAt),
    lastUsedAt: timeTextOrNull(lastUsedAt),
    revokedAt: timeTextOrNull(client.revokedAt),
  }
}
