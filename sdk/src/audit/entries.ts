/** Entries of the log from the wire, a page at a time (S12). */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { type AnswerReader, invalidResponse } from "../answer-reader.ts"
import { largeAnswerMaxBytes } from "../api-client.ts"
import { requireOptionalText } from "../argument-types.ts"
import type { CallScope } from "../call-scope.ts"
import type { Session } from "../session.ts"
import type { AuditArchive, AuditFilter, AuditLogPage, AuditPageOptions } from "./types.ts"

/** As the wire has it. */
const entriesPerAnswer = 1000
/** No entry is longer: 500 names of 255 characters with their versions, and room. */
const entryMaxLength = 512 * 1024

type Page = Pick<AuditPageOptions, "after" | "limit" | "order"> & {
  /** `false` for a page of a whole log: a server that gives short ones could push out every receipt that proves something. */
  readonly keepsReceipt?: false
}

export async function readPage(
  session: Session,
  scope: CallScope,
  filter: AuditFilter,
  { after, keepsReceipt, limit, order = "asc" }: Page,
): Promise<AuditLogPage> {
  for (const [name, value] of Object.entries(filter)) requireOptionalText(value, name)
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= 1 && limit <= entriesPerAnswer)) {
    throw new HalfkeyError("invalid_argument", `limit must be an integer from 1 to ${entriesPerAnswer}`)
  }
  if (after !== undefined && !(Number.isSafeInteger(after) && after >= 0)) {
    throw new HalfkeyError("invalid_argument", "after must be the index of an entry")
  }
  const { action, apiKey, client, environment, name, outcome, since, until } = filter
  const answer = await session.api.call(scope, {
    method: "GET",
    path: "/v1/audit/entries",
    query: { after, limit, order, since, until, client, apiKey, environment, name, action, outcome },
    repetition: "repeatable",
    maxBytes: largeAnswerMaxBytes,
    keepsReceipt,
  })
  const entries = answer
    .field("entries")
    .list()
    .map((each) => ({ index: each.field("index").integer(0), entry: each.field("entry").text(entryMaxLength) }))
  const next = answer.field("next")
  const archived = answer.field("archived")
  const page = {
    entries,
    archived: archived.present ? archived.list().map(readArchive) : [],
    next: next.present ? next.integer(0) : undefined,
  }
  if (page.next !== undefined && after !== undefined && !(order === "asc" ? page.next > after : page.next < after)) {
    throw invalidResponse("the next page of the audit log is one that came before")
  }
  return page
}

function readArchive(archive: AnswerReader): AuditArchive {
  return {
    first: archive.field("first").integer(0),
    last: archive.field("last").integer(0),
    file: archive.field("file").shown(300),
  }
}

/**
 * Pages from `after` on, oldest first, a page ahead of whoever takes them. Each request is a call of its own, so that
 * its deadline is that of one page.
 */
export async function* readPages(
  after: number | undefined,
  read: (after: number | undefined) => Promise<AuditLogPage>,
): AsyncGenerator<AuditLogPage, void> {
  let coming: Promise<AuditLogPage> | undefined = read(after)
  while (coming !== undefined) {
    const page: AuditLogPage = await coming
    coming = page.next === undefined ? undefined : read(page.next)
    // Told when it is awaited, if it ever is.
    coming?.catch(() => undefined)
    if (page.entries.length > 0 || page.archived.length > 0) yield page
  }
}
