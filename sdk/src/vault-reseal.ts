/** Sealing what a rotation has left (S5): each version is opened under its own epoch and sealed again under the newest. */
import { openRecord, sealRecord } from "@halfkey/core/client/record-crypto"
import type { VerifiedKeyset } from "@halfkey/core/client/verified-keyset"
import { keysetCheckFailed, recordCheckFailed } from "@halfkey/core/formats/errors"
import { decodeVaultPlaintext, parseRecord } from "@halfkey/core/formats/record"
import { secretNameProblem } from "@halfkey/core/formats/secret-name"
import { toBase64Url, wipe } from "@halfkey/core/primitives/bytes"
import { sha256 } from "@halfkey/core/primitives/hash"
import type { ResealRequest, StaleRequest } from "@halfkey/core/wire/rotation"
import { type AnswerReader, invalidResponse } from "./answer-reader.ts"
import { largeAnswerMaxBytes } from "./api-client.ts"
import type { CallScope } from "./call-scope.ts"
import type { SecretFloors } from "./floors.ts"
import type { CallOptions } from "./options.ts"
import { checkSameVersion, floorOf } from "./secret-floors.ts"
import type { Session } from "./session.ts"
import { floorsFor } from "./vault-read.ts"

/** Most versions of one request, so that each is answered well within a call's deadline. */
const versionsPerRequest = 250

interface StaleVersion {
  readonly name: string
  readonly version: number
  readonly deleted: boolean
  readonly record: Uint8Array
  /** 32 bytes, for the record's own epoch and key id. */
  readonly keySeed: Uint8Array
  /** 16 bytes. */
  readonly newKeyId: Uint8Array
  /** 32 bytes, of the newest epoch. */
  readonly newKeySeed: Uint8Array
}

interface StalePage {
  readonly keyset: VerifiedKeyset
  readonly floors: SecretFloors
  readonly versions: readonly StaleVersion[]
  readonly next: string | null
  readonly remaining: number
}

/**
 * Seals until nothing is left, and answers with how many versions this call replaced. Each request is a call of its own,
 * with its own deadline. `onPage` is told what is done of what was found. Throws `epoch_changed` when a later rotation
 * began meanwhile, `record_verification_failed` for a record that does not open: it stays as it is.
 */
export async function resealAll(
  session: Session,
  options: CallOptions,
  environment: string,
  onPage: (done: number, total: number) => void,
): Promise<number> {
  const ask = (after?: string) =>
    session.run(options, async (scope) => await askStale(session, scope, environment, after))
  let page = await ask()
  const total = page.remaining
  let done = 0
  let resealed = 0
  onPage(done, total)
  while (page.versions.length > 0) {
    // The server looks for the next page while this one is sealed.
    const ahead = page.next === null ? undefined : ask(page.next)
    ahead?.catch(() => undefined)
    const { versions } = page
    const body = { environment, writes: sealPage(session, page) }
    resealed += await session.run(options, async (scope) => await send(session, scope, body))
    done += versions.length
    onPage(done, Math.max(done, total))
    // Behind the last page it is asked once more from the beginning: nothing may be left.
    page = await (ahead ?? ask())
  }
  return resealed
}

/** One page, and the verified key set. A newer epoch makes it fetch the documents once. */
async function askStale(
  session: Session,
  scope: CallScope,
  environment: string,
  after: string | undefined,
): Promise<StalePage> {
  const { keysets } = session.client
  for (let refetch = false; ; refetch = true) {
    const question = keysets.ask(environment, undefined, refetch)
    const body: StaleRequest = {
      environment,
      limit: versionsPerRequest,
      ...(after !== undefined && { after }),
      ...(question.known && { known: question.known }),
    }
    const answer = await session.api.call(scope, {
      method: "POST",
      path: "/v1/secrets/stale",
      body,
      repetition: "repeatable",
      maxBytes: largeAnswerMaxBytes,
    })
    const served = answer.field("keyset")
    const keyset = await keysets.accept(question, served)
    const epoch = answer.field("epoch").integer(1)
    if (epoch === keyset.sealingEpoch) return { keyset, floors: floorsFor(question, keyset), ...readPage(answer) }
    if (served.present) {
      throw keysetCheckFailed(
        "epoch",
        `the server asks to seal under epoch ${epoch}, the signed manifest's newest is ${keyset.sealingEpoch}`,
      )
    }
  }
}

function readPage(answer: AnswerReader): Pick<StalePage, "versions" | "next" | "remaining"> {
  const versions = answer.field("records").list().map(readVersion)
  const next = answer.field("next").textOrNull()
  const remaining = answer.field("remaining").integer(0)
  if (versions.length === 0 && (next !== null || remaining > 0))
    throw invalidResponse("it says more is left than it sends")
  return { versions, next, remaining }
}

function readVersion(item: AnswerReader): StaleVersion {
  const name = item.field("name").text()
  if (secretNameProblem(name) !== undefined) throw invalidResponse("it holds a name that no secret can have")
  return {
    name,
    version: item.field("version").integer(1),
    deleted: item.field("deleted").flag(),
    record: item.field("record").bytes(),
    keySeed: item.field("keySeed").bytes(32),
    newKeyId: item.field("newKeyId").bytes(16),
    newKeySeed: item.field("newKeySeed").bytes(32),
  }
}

function sealPage(session: Session, { floors, keyset, versions }: StalePage): ResealRequest["writes"] {
  return versions.map((stale) => {
    const { name, version } = stale
    const plaintext = openStale(keyset, floors, stale)
    try {
      const record = sealRecord({
        context: contextOf(keyset, stale),
        clientHalf: keyset.extractKey(keyset.sealingEpoch),
        keySeed: stale.newKeySeed,
        epoch: keyset.sealingEpoch,
        keyId: stale.newKeyId,
        plaintext,
        random32: session.random(32),
      })
      return { name, version, previousHash: toBase64Url(sha256(stale.record)), record: toBase64Url(record) }
    } finally {
      wipe(plaintext)
    }
  })
}

/** Nothing that does not open, or that a floor speaks against, is given a new seal: that would make it good. */
function openStale(keyset: VerifiedKeyset, floors: SecretFloors, stale: StaleVersion): Uint8Array {
  const { deleted, keySeed, name, record, version } = stale
  const { epoch } = parseRecord(record).header
  checkSameVersion(name, floorOf(version, epoch, record, deleted), floors.get(name))
  const plaintext = openRecord(record, contextOf(keyset, stale), { clientHalf: keyset.extractKey(epoch), keySeed })
  if ((decodeVaultPlaintext(plaintext).kind === "tombstone") === deleted) return plaintext
  wipe(plaintext)
  throw recordCheckFailed("type", `the server says ${deleted ? "deleted" : "live"}, the sealed record says otherwise`)
}

function contextOf({ keysetId, workspaceId }: VerifiedKeyset, { name, version }: StaleVersion) {
  return { purpose: "secret", workspaceId, keysetId, name, version } as const
}

/** How many were replaced by this request. The identical request again finds them done. */
async function send(session: Session, scope: CallScope, body: ResealRequest): Promise<number> {
  const answer = await session.api.call(scope, {
    method: "POST",
    path: "/v1/secrets/reseal",
    body,
    repetition: "repeatable",
  })
  const resealed = answer.field("resealed").integer(0)
  if (resealed + answer.field("already").integer(0) !== body.writes.length) {
    throw invalidResponse("it confirms other writes than were sent")
  }
  return resealed
}
