/** Reading the audit log (S12): entries by what they are about, the newest checkpoint, proofs. Each reading is an entry itself. */
import { setTimeout as wait } from "node:timers/promises"
import { isCheckpointSignedBy, parseCheckpoint } from "@halfkey/core/formats/checkpoint"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { ApiKeyId, ClientId, WorkspaceId } from "@halfkey/core/formats/ids"
import { rosterFormat } from "@halfkey/core/formats/roster"
import { fromBase64Url, fromUtf8, toBase64Url } from "@halfkey/core/primitives/bytes"
import type {
  AuditCheckpointResponse,
  AuditConsistencyResponse,
  AuditEntriesQuery,
  AuditEntriesResponse,
  AuditInclusionResponse,
  AuditProofQuery,
} from "@halfkey/core/wire/audit"
import type { CheckpointRow } from "../../domain/audit/audit-store.ts"
import { TiledTree } from "../../domain/audit/tiles.ts"
import type { Answer, Caller } from "../../domain/caller.ts"
import type { Store } from "../../domain/store.ts"
import type { Access } from "../auth/access.ts"
import type { Gate } from "../auth/gate.ts"
import { timeText } from "../time-text.ts"

const entriesByDefault = 100
/** A new log has its first checkpoint within a second, and one whose roster names another key has one by that key. */
const nextCheckpointMs = 2000
const lookEveryMs = 25
/** Most characters of a question that its own entry keeps. */
const subjectMaxLength = 300

export interface AuditLogParts {
  readonly gate: Gate
  readonly store: Store
}

export class AuditLog {
  readonly #parts: AuditLogParts

  constructor(parts: AuditLogParts) {
    this.#parts = parts
  }

  entries(caller: Caller, query: AuditEntriesQuery): Promise<Answer<AuditEntriesResponse>> {
    return this.#read(caller, "entries", query, async ({ workspace }) => {
      const { after, limit = entriesByDefault, order = "asc", since, until, client, apiKey, ...rest } = query
      const filter = {
        ...rest,
        client: client as ClientId | undefined,
        apiKey: apiKey as ApiKeyId | undefined,
        since: since === undefined ? undefined : timeOf("since", since),
        until: until === undefined ? undefined : timeOf("until", until),
      }
      const found = await this.#parts.store.audit.entries(workspace.row.id, filter, { after, limit, order })
      return {
        entries: found.entries.map(({ index, bytes }) => ({ index, entry: fromUtf8(bytes) })),
        ...(found.next !== undefined && { next: found.next }),
        ...(found.archived.length > 0 && {
          archived: found.archived.map(({ first, last, file, hash, time }) => ({
            first,
            last,
            file,
            hash: toBase64Url(hash),
            time: timeText(time),
          })),
        }),
      }
    })
  }

  checkpoint(caller: Caller): Promise<Answer<AuditCheckpointResponse>> {
    return this.#read(caller, "checkpoint", {}, async ({ workspace }) => {
      const { id } = workspace.row
      let found = await this.#newest(id)
      for (let waited = 0; waited < nextCheckpointMs && !(await this.#isByRoster(id, found)); waited += lookEveryMs) {
        await wait(lookEveryMs)
        found = await this.#newest(id)
      }
      if (found === undefined) {
        throw new HalfkeyError("unavailable", "the audit log has no checkpoint yet", { hint: "try again" })
      }
      return { checkpoint: found.note, time: timeText(found.time) }
    })
  }

  /** Throws `audit_entry_not_found`, or `invalid_request` for a tree that no checkpoint covers. */
  proof(
    caller: Caller,
    { leaf, size, from, to }: AuditProofQuery,
  ): Promise<Answer<AuditInclusionResponse | AuditConsistencyResponse>> {
    return this.#read(caller, "proof", { leaf, size, from, to }, (access) => {
      if (leaf !== undefined && size !== undefined && from === undefined && to === undefined) {
        return this.#inclusion(access, leaf, size)
      }
      if (from !== undefined && to !== undefined && leaf === undefined && size === undefined) {
        return this.#consistency(access, from, to)
      }
      throw new HalfkeyError("invalid_request", "a proof needs leaf and size, or from and to", {
        hint: "leaf is a receipt; size, from and to are sizes of checkpoints",
      })
    })
  }

  async #inclusion(access: Access, leaf: string, size: number): Promise<AuditInclusionResponse> {
    const { id } = access.workspace.row
    await this.#requireCovered(access, size)
    const hash = fromBase64Url(leaf)
    const index = hash && (await this.#parts.store.audit.indexOf(id, hash))
    if (index === undefined) {
      throw new HalfkeyError("audit_entry_not_found", "no entry of this audit log has this leaf hash")
    }
    if (index >= size) {
      throw new HalfkeyError(
        "audit_entry_not_found",
        `the entry is number ${index}: a tree of ${size} ends before it`,
        {
          hint: "ask for a newer checkpoint, and for a proof of its size",
          facts: { index },
        },
      )
    }
    const hashes = await new TiledTree(this.#parts.store.audit.tiles(id)).inclusion(index, size)
    return { index, size, hashes: hashes.map((each) => toBase64Url(each)) }
  }

  async #consistency(access: Access, from: number, to: number): Promise<AuditConsistencyResponse> {
    await this.#requireCovered(access, to)
    if (from > to) throw new HalfkeyError("invalid_request", `from is ${from}, which is above to, ${to}`)
    const tree = new TiledTree(this.#parts.store.audit.tiles(access.workspace.row.id))
    return { hashes: (await tree.consistency(from, to)).map((each) => toBase64Url(each)) }
  }

  async #requireCovered(access: Access, size: number): Promise<void> {
    const newest = (await this.#newest(access.workspace.row.id))?.size ?? 0
    if (size <= newest) return
    throw new HalfkeyError("invalid_request", `the newest checkpoint is of ${newest} entries, not of ${size}`, {
      hint: "ask for the newest checkpoint, then for proofs of its size",
      facts: { size: newest },
    })
  }

  /** A head that the audit key of before signed would look like a forged one to whoever has the newest roster. */
  async #isByRoster(workspaceId: WorkspaceId, found: CheckpointRow | undefined): Promise<boolean> {
    const roster = found && (await this.#parts.store.audit.roster(workspaceId))
    if (found === undefined || roster === undefined) return false
    return isCheckpointSignedBy(parseCheckpoint(found.note), rosterFormat.parse(JSON.parse(roster)).auditKey)
  }

  #newest(workspaceId: Access["workspace"]["row"]["id"]): Promise<CheckpointRow | undefined> {
    return this.#parts.store.audit.checkpoint(workspaceId)
  }

  #read<T>(
    caller: Caller,
    what: string,
    query: Readonly<Record<string, string | number | undefined>>,
    body: (access: Access) => Promise<T>,
  ): Promise<Answer<T>> {
    const { gate } = this.#parts
    return gate.decide(caller, "audit.read", async (access) => {
      const asked = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
      access.details.subject = [what, ...asked].join(" ").slice(0, subjectMaxLength)
      const value = await body(access)
      await gate.append(access)
      return value
    })
  }
}

function timeOf(name: string, text: string): number {
  const time = Date.parse(text)
  if (Number.isFinite(time)) return time
  throw new HalfkeyError("invalid_request", `${name} is no time`, { hint: "write it as 2026-01-31T00:00:00.000Z" })
}
