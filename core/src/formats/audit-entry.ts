/** Audit entries (S12): who did what, when, from where, as RFC 8785 bytes that become leaves of an RFC 6962 tree. */

import { fromUtf8, utf8 } from "../primitives/bytes.ts"
import type { AuditFields } from "./audit-fields.ts"
import { canonicalJson, isList, type JsonValue } from "./canonical-json.ts"
import type { ApiKeyId, ClientId, KeysetId, WorkspaceId } from "./ids.ts"
import { leafHash, leafOfText } from "./merkle-tree.ts"

/** What a service decided about. */
export type AuditAction =
  | "token.issue"
  | "workspace.create"
  | "workspace.read"
  | "roster.read"
  | "roster.update"
  | "keyset.list"
  | "keyset.read"
  | "keyset.create"
  | "keyset.update"
  | "keyset.self-wrap"
  | "keyset.purge"
  | "data-key.generate"
  | "data-key.retrieve"
  | "secret.read"
  | "secret.prepare"
  | "secret.commit"
  | "secret.list"
  | "secret.history"
  | "secret.stale"
  | "secret.reseal"
  | "client.list"
  | "client.create"
  | "client.revoke"
  | "device.file"
  | "device.list"
  | "device.remove"
  | "api-key.list"
  | "api-key.create"
  | "api-key.revoke"
  | "api-key.rotate"
  | "recovery.read"
  | "recovery.commit"
  | "audit.read"
  | "audit.archive"
  | "route.unknown"

/** One decision. Absent fields are left out of the bytes. Holds names, versions and ids, never a value or a key. */
export interface AuditEntry {
  /** Format of this entry: 1. */
  readonly v: 1
  /** A UUID of this entry. */
  readonly id: string
  /** RFC 3339 UTC with milliseconds. */
  readonly time: string
  readonly workspaceId: WorkspaceId
  readonly requestId: string
  readonly action: AuditAction
  readonly outcome: "allowed" | "denied"
  /** Problem code of a denial. */
  readonly code?: string | undefined
  readonly apiKeyId?: ApiKeyId | undefined
  readonly clientId?: ClientId | undefined
  readonly keysetId?: KeysetId | undefined
  readonly environment?: string | undefined
  /** Names of secrets; a version follows as `name@version` where it matters. A frozen list is written once and kept as text. */
  readonly names?: readonly string[] | undefined
  /** Key ids (S6), base64url of 16 bytes each. */
  readonly keyIds?: readonly string[] | undefined
  /** What an administrative action was about: a client id, an API key id, a revision. */
  readonly subject?: string | undefined
  /** Peer address as the server saw it; `server` for what it does by itself, as `keyset.purge`. */
  readonly address: string
  readonly userAgent?: string | undefined
  /** What the caller said about its request: nobody checks it. */
  readonly audit?: AuditFields | undefined
  /** Where an entry stands for several refusals of one kind: how many, and the time of the first; `time` is when the counting ended. */
  readonly count?: number | undefined
  readonly since?: string | undefined
}

/**
 * The bytes that are stored and hashed. Text that a request brought may hold lone surrogates, which JSON bytes cannot:
 * they become U+FFFD, so that no request escapes the log by being odd.
 */
export function auditEntryBytes(entry: AuditEntry): Uint8Array {
  return utf8(auditEntryText(entry))
}

/** `auditEntryBytes` with their `auditLeafHash`, quicker than one after the other. */
export function auditLeaf(entry: AuditEntry): { readonly bytes: Uint8Array; readonly leafHash: Uint8Array } {
  return leafOfText(auditEntryText(entry))
}

function auditEntryText(entry: AuditEntry): string {
  // Members in the order that RFC 8785 asks for: then JSON.stringify writes canonical JSON, in a tenth of the time.
  const { action, address, apiKeyId, clientId, code, count, environment, id, keyIds, keysetId } = entry
  const { names, outcome, requestId, since, subject, time, userAgent, v, workspaceId } = entry
  const audit = entry.audit && { reason: entry.audit.reason, ticket: entry.audit.ticket }
  const first = { action, address, apiKeyId, audit, clientId, code, count, environment, id, keyIds, keysetId }
  const last = { outcome, requestId, since, subject, time, userAgent, v, workspaceId }
  const text =
    names !== undefined && Object.isFrozen(names)
      ? `${JSON.stringify(first).slice(0, -1)},"names":${frozenListText(names)},${JSON.stringify(last).slice(1)}`
      : JSON.stringify({ ...first, names, ...last })
  // A lone surrogate shows as an escape that begins like this; so do a few harmless texts.
  return text.includes("\\ud")
    ? fromUtf8(canonicalJson(wellFormed({ ...entry, audit: entry.audit && { ...entry.audit } })))
    : text
}

/** Texts of frozen lists: programs read the same names again and again, and writing them is most of an entry's work. */
const listTexts = new WeakMap<readonly string[], string>()

function frozenListText(list: readonly string[]): string {
  let text = listTexts.get(list)
  if (text === undefined) {
    text = JSON.stringify(list)
    listTexts.set(list, text)
  }
  return text
}

function wellFormed(value: JsonValue): JsonValue {
  if (typeof value === "string") return value.toWellFormed()
  if (typeof value !== "object" || value === null) return value
  if (isList(value)) return value.map(wellFormed)
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, member === undefined ? undefined : wellFormed(member)]),
  )
}

/** RFC 6962 leaf hash: `H(0x00 ‖ entry bytes)`, 32 bytes. The receipt that an answer carries. */
export function auditLeafHash(entryBytes: Uint8Array): Uint8Array {
  return leafHash(entryBytes)
}
