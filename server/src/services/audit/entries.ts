/** Audit entries (S12): made once, by whoever decided, and handed to the store together with what was decided. */
import { type AuditAction, type AuditEntry, auditLeaf } from "@halfkey/core/formats/audit-entry"
import { type ApiKeyId, type ClientId, newKeysetId, type WorkspaceId } from "@halfkey/core/formats/ids"
import type { RandomSource } from "@halfkey/core/primitives/random"
import type { Caller } from "../../domain/caller.ts"
import type { AuditRecord } from "../../domain/store.ts"
import { timeText } from "../time-text.ts"

/** What a decision was about. Filled in as soon as it is known, so that a refusal says it too. */
export type EntryDetails = {
  -readonly [Name in "keysetId" | "environment" | "names" | "keyIds" | "subject"]?: AuditEntry[Name]
}

/** Of an entry that stands for several refusals. */
export interface Counted {
  readonly count?: number
  /** Milliseconds since 1970. */
  readonly since?: number
}

export interface Decision {
  readonly workspaceId: WorkspaceId
  readonly action: AuditAction
  /** The problem code of a refusal. */
  readonly code?: string | undefined
  readonly apiKeyId?: ApiKeyId | undefined
  readonly clientId?: ClientId | undefined
  readonly details: EntryDetails & Counted
}

/** Makes entries. Time and randomness come in as parameters. */
export class AuditEntries {
  readonly #now: () => number
  readonly #random: RandomSource

  constructor(now: () => number, random: RandomSource) {
    this.#now = now
    this.#random = random
  }

  record(caller: Caller, { workspaceId, action, code, apiKeyId, clientId, details }: Decision): AuditRecord {
    const time = this.#now()
    const { requestId, address, userAgent, audit } = caller
    const { keysetId, environment, names, keyIds, subject, count, since } = details
    const about = { keysetId, environment, names, keyIds, subject }
    const { bytes, leafHash } = auditLeaf({
      v: 1,
      // A UUIDv4, as those of key sets.
      id: newKeysetId(this.#random),
      time: timeText(time),
      workspaceId,
      requestId,
      action,
      outcome: code === undefined ? "allowed" : "denied",
      code,
      apiKeyId,
      clientId,
      ...about,
      address,
      userAgent,
      audit,
      count,
      since: since === undefined ? undefined : timeText(since),
    })
    return { workspaceId, time, entry: bytes, leafHash }
  }
}
