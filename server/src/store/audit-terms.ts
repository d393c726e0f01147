/** What an audit entry can be found by: terms of the index, and the same questions asked of an entry itself. */
import type { AuditEntry } from "@halfkey/core/formats/audit-entry"
import { isKeysetId } from "@halfkey/core/formats/ids"
import type { AuditFilter } from "../domain/audit/audit-store.ts"

/** Longer text is cut in a term: what is found is compared in full. */
const termMaxLength = 280

/** What a filter can ask of an entry, but for its time. */
type Indexed = Pick<
  AuditEntry,
  "action" | "apiKeyId" | "clientId" | "environment" | "keysetId" | "names" | "outcome" | "time"
>

const term = (kind: string, value: string) => `${kind}:${value}`.slice(0, termMaxLength)

/** `name@version` is found by its name. */
const nameOf = (text: string) => text.split("@", 1)[0] ?? text

/** `undefined` for bytes that are no entry: somebody wrote into the database, which the tree shows, and not the index. */
export function readIndexed(entry: Uint8Array): Indexed | undefined {
  try {
    const found: unknown = JSON.parse(Buffer.from(entry.buffer, entry.byteOffset, entry.byteLength).toString())
    return typeof found === "object" && found !== null ? (found as Indexed) : undefined
  } catch {
    return undefined
  }
}

/** Longer entries are not compared: they hold many names or key ids. */
const comparedLength = 4096
const idStart = ',"id":"'
/** From there to the end of the id. */
const idLength = idStart.length + 36 + '"'.length
const requestStart = ',"requestId":"'

/** What entries share that differ only in id, request and time: their text before the id, and from there to the request. */
export interface Subject {
  readonly before: string
  readonly after: string
}

/** An entry's bytes, each as one character. */
export function comparableText(entry: Uint8Array): string | undefined {
  if (entry.length > comparedLength) return undefined
  return Buffer.from(entry.buffer, entry.byteOffset, entry.byteLength).toString("latin1")
}

/**
 * The members of an entry are in one order, and no text inside a string looks like the beginning of a member, since its
 * quotes are escaped.
 */
export function subjectOf(text: string): Subject | undefined {
  const id = text.indexOf(idStart)
  const request = text.indexOf(requestStart, id)
  if (id < 0 || request < 0) return undefined
  return { before: text.slice(0, id), after: text.slice(id + idLength, request) }
}

/** Whether the entry's subject is this one. */
export function isAbout(text: string, { before, after }: Subject): boolean {
  if (!text.startsWith(before) || !text.startsWith(idStart, before.length)) return false
  const from = before.length + idLength
  return text.startsWith(after, from) && text.startsWith(requestStart, from + after.length)
}

/** May hold a term twice. */
export function termsOf(entry: Indexed | undefined): string[] {
  if (entry === undefined) return []
  const { action, apiKeyId, clientId, environment, keysetId, names, outcome } = entry
  const terms = [term("action", action), term("outcome", outcome)]
  if (clientId !== undefined) terms.push(term("client", clientId))
  if (apiKeyId !== undefined) terms.push(term("key", apiKeyId))
  if (environment !== undefined) terms.push(term("environment", environment))
  if (keysetId !== undefined) terms.push(term("environment", keysetId))
  for (const name of names ?? []) terms.push(term("name", nameOf(name)))
  return terms
}

/** All must be there; the ones that are rare as a rule come first. */
export function termsOfFilter({ name, client, apiKey, environment, action, outcome }: AuditFilter): string[] {
  const terms: string[] = []
  if (name !== undefined) terms.push(term("name", name))
  if (client !== undefined) terms.push(term("client", client))
  if (apiKey !== undefined) terms.push(term("key", apiKey))
  if (environment !== undefined) terms.push(term("environment", environment))
  if (action !== undefined) terms.push(term("action", action))
  if (outcome !== undefined) terms.push(term("outcome", outcome))
  return terms
}

export function fits(entry: Indexed | undefined, filter: AuditFilter): boolean {
  if (entry === undefined) return false
  const { name, client, apiKey, environment, action, outcome } = filter
  if (client !== undefined && entry.clientId !== client) return false
  if (apiKey !== undefined && entry.apiKeyId !== apiKey) return false
  if (action !== undefined && entry.action !== action) return false
  if (outcome !== undefined && entry.outcome !== outcome) return false
  const of = environment !== undefined && isKeysetId(environment) ? entry.keysetId : entry.environment
  if (environment !== undefined && of !== environment) return false
  return name === undefined || (entry.names ?? []).some((each) => nameOf(each) === name)
}
