/** Reading: ask, verify the key set, check that the answer is to the question, open each record where alone it opens. */
import { openRecord } from "@halfkey/core/client/record-crypto"
import type { VerifiedKeyset } from "@halfkey/core/client/verified-keyset"
import { recordCheckFailed } from "@halfkey/core/formats/errors"
import { decodeVaultPlaintext, parseRecord } from "@halfkey/core/formats/record"
import { wipe } from "@halfkey/core/primitives/bytes"
import type { ReadRequest } from "@halfkey/core/wire/secrets"
import { invalidResponse } from "./answer-reader.ts"
import { largeAnswerMaxBytes } from "./api-client.ts"
import type { CallScope } from "./call-scope.ts"
import type { SecretFloors } from "./floors.ts"
import type { KeysetQuestion } from "./keysets.ts"
import type { SecretMetadata } from "./secret.ts"
import { checkNeverWritten, checkNewest, checkSameVersion, floorOf } from "./secret-floors.ts"
import type { Session } from "./session.ts"
import type { SecretFloor } from "./stores.ts"
import {
  type NameAndVersion,
  namesPerRequest,
  type ReadAnswer,
  readReadAnswer,
  type ServedRecord,
} from "./vault-answers.ts"

/** A record that opened: a value, or the mark of a deletion. */
export interface OpenedSecret {
  readonly metadata: SecretMetadata
  /** `undefined`: deleted in this version. */
  readonly value: Uint8Array | undefined
}

interface Checked {
  readonly opened: OpenedSecret
  readonly floor: SecretFloor
  readonly record: Uint8Array
}

/**
 * Reads named secrets, each at most once, in any number. Names that were never written are not in the answer.
 * Throws `keyset_verification_failed`, `record_verification_failed`, or what the server refuses with.
 */
export async function readNamed(
  session: Session,
  scope: CallScope,
  environment: string,
  wanted: readonly NameAndVersion[],
): Promise<Map<string, OpenedSecret>> {
  const found = new Map<string, OpenedSecret>()
  const queue = [...wanted]
  while (queue.length > 0) {
    const asked = queue.splice(0, namesPerRequest)
    const names = asked.map(({ name }) => name)
    const { answer, keyset, question } = await fetchAnswer(session, scope, environment, { secrets: asked }, names)
    const floors = floorsFor(question, keyset)
    const versions = new Map(asked.map(({ name, version }) => [name, version]))
    checkAnswersQuestion(answer, versions)
    const checked = answer.records.map((record) => openServed(keyset, record, floors, versions.get(record.name)))
    for (const { name, version } of answer.missing) if (version === undefined) checkNeverWritten(name, floors.get(name))
    remember(session, keyset, checked)
    for (const { opened } of checked) found.set(opened.metadata.name, opened)
    // The names are the server's, what is asked about them is not.
    queue.unshift(...answer.rest.map(({ name }) => ({ name, version: versions.get(name) })))
  }
  return found
}

/**
 * Reads every live secret in order of name. What the server withholds and this client never saw cannot be noticed (S1); a
 * secret that was seen live and is not among them is asked for by name, so that its deletion shows.
 */
export async function readEverything(session: Session, scope: CallScope, environment: string): Promise<OpenedSecret[]> {
  const found: OpenedSecret[] = []
  const missed = new Set<string>()
  let after: string | undefined
  for (;;) {
    const { answer, keyset, question } = await fetchAnswer(
      session,
      scope,
      environment,
      after === undefined ? {} : { after },
    )
    const floors = floorsFor(question, keyset)
    // Only what was seen at the beginning: a secret that is written meanwhile may be on a page that was read before.
    if (after === undefined) for (const [name, { deleted }] of floors) if (deleted !== true) missed.add(name)
    checkPage(answer, after)
    const checked = answer.records.map((record) => openServed(keyset, record, floors, undefined))
    remember(session, keyset, checked)
    for (const { name } of answer.records) missed.delete(name)
    for (const { opened } of checked) if (opened.value !== undefined) found.push(opened)
    if (answer.next === null) break
    after = answer.next
  }
  const wanted = [...missed].map((name) => ({ name }))
  for (const opened of (await readNamed(session, scope, environment, wanted)).values()) {
    if (opened.value !== undefined) found.push(opened)
  }
  return found.sort(({ metadata: left }, { metadata: right }) => (left.name < right.name ? -1 : 1))
}

/** Asks, and verifies the key set. A record of an unknown epoch may come from a newer manifest: it is fetched once. */
async function fetchAnswer(
  session: Session,
  scope: CallScope,
  environment: string,
  request: Pick<ReadRequest, "after"> & { readonly secrets?: readonly NameAndVersion[] },
  names?: readonly string[],
): Promise<{ answer: ReadAnswer; keyset: VerifiedKeyset; question: KeysetQuestion }> {
  const { keysets } = session.client
  for (let refetch = false; ; refetch = true) {
    const question = keysets.ask(environment, names, refetch)
    const body = { environment, ...request, ...(question.known && { known: question.known }) }
    const json =
      scope.cached?.read(request) ??
      (await session.api.call(scope, {
        method: "POST",
        path: "/v1/secrets/read",
        body,
        repetition: "repeatable",
        maxBytes: largeAnswerMaxBytes,
        refusesMissing: false,
      }))
    const answer = readReadAnswer(json)
    const keyset = await keysets.accept(question, answer.keyset)
    if (answer.keyset.present || answer.records.every(({ record }) => hasLiveEpoch(keyset, record))) {
      scope.noted?.push({ request, json: json.object(), keyset, bundle: keysets.bundleOf(keyset) })
      return { answer, keyset, question }
    }
  }
}

function hasLiveEpoch(keyset: VerifiedKeyset, record: Uint8Array): boolean {
  const { epoch } = parseRecord(record).header
  return keyset.manifest.epochs.some((live) => live.epoch === epoch)
}

/** Floors from before an accepted restore do not count (S10). */
export function floorsFor({ documents, secrets }: KeysetQuestion, keyset: VerifiedKeyset): SecretFloors {
  const known = documents.keysets.get(keyset.keysetId)
  return known !== undefined && known.incarnation < keyset.manifest.incarnation ? new Map() : secrets
}

/** Checks that each name asked for is answered once, in the version asked for, and nothing else is there. */
function checkAnswersQuestion(answer: ReadAnswer, asked: ReadonlyMap<string, number | undefined>): void {
  const open = new Map(asked)
  for (const { name, version } of [...answer.records, ...answer.missing, ...answer.rest]) {
    if (!open.has(name)) throw invalidResponse("it holds a secret that was not asked for, or one twice")
    const wanted = open.get(name)
    if (wanted !== undefined && version !== wanted)
      throw invalidResponse(`it holds another version of ${name} than asked`)
    open.delete(name)
  }
  if (open.size > 0) throw invalidResponse("it leaves out a secret that was asked for")
  if (answer.rest.length > 0 && answer.records.length + answer.missing.length === 0) {
    throw invalidResponse("it puts off every secret that was asked for")
  }
}

/** Checks that a page goes on behind the last, in order, and will come to an end. */
function checkPage({ missing, next, records, rest }: ReadAnswer, after: string | undefined): void {
  if (missing.length + rest.length > 0) throw invalidResponse("it names secrets that were not asked for")
  let last = after ?? ""
  for (const { name } of records) {
    if (name <= last) throw invalidResponse("its secrets are not in order")
    last = name
  }
  if (next !== null && (next < last || next <= (after ?? ""))) throw invalidResponse("its next page goes back")
}

function openServed(
  keyset: VerifiedKeyset,
  served: ServedRecord,
  floors: SecretFloors,
  askedVersion: number | undefined,
): Checked {
  const { deleted, keySeed, name, record, version } = served
  const { epoch } = parseRecord(record).header
  const floor = floorOf(version, epoch, record, deleted)
  if (askedVersion === undefined) checkNewest(name, floor, floors.get(name))
  else checkSameVersion(name, floor, floors.get(name))
  const { keysetId, workspaceId } = keyset
  const context = { purpose: "secret", workspaceId, keysetId, name, version } as const
  const clientHalf = keyset.extractKey(epoch)
  const opened = openRecord(record, context, { clientHalf, keySeed })
  const plaintext = decodeVaultPlaintext(opened)
  if ((plaintext.kind === "tombstone") !== deleted) {
    throw recordCheckFailed("type", `the server says ${deleted ? "deleted" : "live"}, the sealed record says otherwise`)
  }
  const { createdAt, id, updatedAt } = served
  const metadata = { id, name, environment: keyset.name, version, createdAt, updatedAt }
  // A copy of exactly the value, since the buffer behind it holds padding too.
  const value = plaintext.kind === "value" ? plaintext.value.slice() : undefined
  wipe(opened)
  return { opened: { metadata, value }, floor, record }
}

/** Called when every record of an answer has opened, so that a refused answer moves no floor. */
function remember(session: Session, { keysetId }: VerifiedKeyset, checked: readonly Checked[]): void {
  for (const { floor, opened, record } of checked) {
    session.floors.seeSecret(keysetId, opened.metadata.name, floor, record)
  }
}
