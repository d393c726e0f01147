/** Workspaces (S3): created with the server's setup token, from documents that the creator's own machine signed. */
import { formatCrn, parseCrn, type WorkspaceCrn } from "@halfkey/core/formats/crn"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { workspaceIdOf } from "@halfkey/core/formats/ids"
import { type Roster, rosterFormat, rosterLinkProblem, type WorkspaceRootKeys } from "@halfkey/core/formats/roster"
import { parseSetupToken } from "@halfkey/core/formats/text-keys"
import { fromBase64Url, toBase64Url } from "@halfkey/core/primitives/bytes"
import { equalBytes, sha256 } from "@halfkey/core/primitives/hash"
import type { RandomSource } from "@halfkey/core/primitives/random"
import type { CreateWorkspaceRequest, CreateWorkspaceResponse, Workspace } from "@halfkey/core/wire/workspace"
import type { Answer, Caller, Counters } from "../../domain/caller.ts"
import type { Store } from "../../domain/store.ts"
import type { KeysetInput } from "../../domain/store-inputs.ts"
import type { AuditEntries } from "../audit/entries.ts"
import { rosterChain } from "../keys/bundle.ts"
import type { KeysetChanges } from "../keys/keyset-changes.ts"
import { refused } from "../keys/keyset-checks.ts"
import type { AuditKey } from "../keys/roster-changes.ts"
import { timeText, timeTextOrNull } from "../time-text.ts"
import type { Access } from "./access.ts"
import { endOf } from "./api-key-rules.ts"
import { apiKeyToWire, keysetNames, newApiKey } from "./api-keys.ts"
import { newClientRow } from "./clients.ts"
import type { Gate } from "./gate.ts"

export interface WorkspacesParts {
  readonly gate: Gate
  readonly store: Store
  readonly changes: KeysetChanges
  readonly entries: AuditEntries
  readonly counters: Counters
  readonly region: string
  readonly keys: AuditKey
  readonly now: () => number
  readonly random: RandomSource
  /** Called when the setup token was used up. */
  readonly onCreated: () => Promise<void>
}

export class Workspaces {
  readonly #parts: WorkspacesParts

  constructor(parts: WorkspacesParts) {
    this.#parts = parts
  }

  /** Throws `invalid_setup_token`, `wrong_region`, `invalid_document` with the check's name, `already_exists`. */
  async create(caller: Caller, request: CreateWorkspaceRequest): Promise<Answer<CreateWorkspaceResponse>> {
    const { store, entries, counters, now } = this.#parts
    const setupTokenHash = await this.requireSetupToken(caller)
    const crn = this.#requireOwnRegion(request.workspaceCRN)
    const { root, roster } = this.#checkRoster(crn, request)
    const client = newClientRow(crn.workspaceId, request.client, now())
    const { row: apiKey, secret } = this.#firstApiKey(crn, client.id, request.apiKey)
    const keysets: KeysetInput[] = []
    for (const change of request.keysets) {
      const surroundings = { root, roster, client: async (id: string) => (id === client.id ? client : undefined) }
      keysets.push(await this.#parts.changes.create(change, surroundings))
    }
    const audit = entries.record(caller, {
      workspaceId: crn.workspaceId,
      action: "workspace.create",
      apiKeyId: apiKey.id,
      clientId: client.id,
      details: { subject: crn.workspaceId },
    })
    await store.createWorkspace(audit, {
      setupTokenHash,
      workspace: {
        id: crn.workspaceId,
        crn: crn.text,
        rootSignPk: root.signPk,
        rootKemPk: root.kemPk,
        createdAt: now(),
      },
      roster: {
        number: roster.seq,
        json: JSON.stringify(rosterFormat.toJson(roster)),
        hash: rosterFormat.hash(roster),
      },
      client,
      apiKey,
      keysets,
    })
    counters.auditEntry("allowed")
    await this.#parts.onCreated()
    return {
      value: { workspaceCRN: crn.text, apiKey: { apiKey: apiKeyToWire(apiKey, new Map(), null), secret } },
      receipt: audit.leafHash,
    }
  }

  read(caller: Caller): Promise<Answer<Workspace>> {
    const { gate, keys } = this.#parts
    return gate.decide(caller, "workspace.read", async (access) => {
      const { crn, createdAt } = access.workspace.row
      const chain = await rosterChain(access.workspace)
      await gate.append(access)
      return {
        workspaceCRN: crn,
        createdAt: timeText(createdAt),
        ...chain,
        auditKey: toBase64Url(keys.auditKey),
        caller: {
          clientId: access.client?.id ?? null,
          apiKeyId: access.apiKey.id,
          role: access.apiKey.role,
          scopes: access.scopes(),
          narrowing: await this.#narrowingOf(access),
        },
      }
    })
  }

  /** What the caller is told of its own key, whatever it may list. */
  async #narrowingOf({ apiKey, workspace }: Access): Promise<Workspace["caller"]["narrowing"]> {
    if (apiKey.id === null) return null
    const { keysetIds, networks, readOnly } = apiKey
    const names = keysetIds === null ? undefined : await keysetNames(this.#parts.store, workspace.row.id)
    return {
      readOnly,
      environments: keysetIds === null ? null : keysetIds.map((id) => names?.get(id) ?? id),
      networks: networks === null ? null : [...networks],
      expiresAt: timeTextOrNull(endOf(apiKey)),
    }
  }

  /** First of all: who has no token learns nothing and causes no work. The transaction uses it up. */
  async requireSetupToken(caller: Caller): Promise<Uint8Array> {
    const { store, counters } = this.#parts
    try {
      if (caller.credential !== undefined) {
        const hash = sha256(parseSetupToken(caller.credential))
        if (await store.isSetupToken(hash)) return hash
      }
      throw new HalfkeyError("invalid_setup_token", "a workspace is created with the server's one-time setup token", {
        hint: "the server writes it to the file setup-token in its data directory; `halfkey-server setup-token` makes another",
      })
    } catch (error) {
      if (error instanceof HalfkeyError) counters.unauthenticated(error.code)
      throw error
    }
  }

  #requireOwnRegion(text: string): WorkspaceCrn {
    const crn = parseCrn(text)
    const { region } = this.#parts
    if (crn.region === region) return crn
    throw new HalfkeyError("wrong_region", `this server's region is ${region}, the workspace's is ${crn.region}`, {
      hint: `its CRN here would be ${formatCrn(region, crn.workspaceId)}`,
      facts: { region },
    })
  }

  #checkRoster(crn: WorkspaceCrn, request: CreateWorkspaceRequest): { root: WorkspaceRootKeys; roster: Roster } {
    const signPk = fromBase64Url(request.root.signPk)
    const kemPk = fromBase64Url(request.root.kemPk)
    if (signPk === undefined || kemPk === undefined) throw refused("root", "a root key is not canonical base64url")
    if (workspaceIdOf(signPk, kemPk) !== crn.workspaceId) {
      throw refused("root", "the root keys do not hash to the workspace id of the CRN")
    }
    const root = { signPk, kemPk }
    const roster = rosterFormat.parse(request.roster)
    const problem = rosterLinkProblem(crn.workspaceId, root, undefined, roster)
    if (problem !== undefined) throw refused("roster", problem)
    if (!equalBytes(roster.auditKey, this.#parts.keys.auditKey)) {
      throw refused("audit key", "the roster names another audit key than this server's")
    }
    return { root, roster }
  }

  /** Somebody must be able to administer what was just made. */
  #firstApiKey(
    crn: WorkspaceCrn,
    clientId: Parameters<typeof newApiKey>[1]["clientId"],
    request: CreateWorkspaceRequest["apiKey"],
  ) {
    const { role, label, readOnly, environments, networks, expiresAt } = request
    if (role !== "admin" || readOnly || environments || networks || expiresAt) {
      throw new HalfkeyError("invalid_request", "the first API key must have the role admin and not be narrowed")
    }
    const { now, random } = this.#parts
    return newApiKey({ label, role }, { workspaceId: crn.workspaceId, clientId, keysetIds: null, now: now(), random })
  }
}
