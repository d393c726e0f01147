/** Writing: prepare, verify, seal, commit. Nothing is sealed before every check has passed. */
import { sealRecord } from "@halfkey/core/client/record-crypto"
import type { VerifiedKeyset } from "@halfkey/core/client/verified-keyset"
import { HalfkeyError, keysetCheckFailed } from "@halfkey/core/formats/errors"
import { encodeVaultPlaintext, type VaultPlaintext } from "@halfkey/core/formats/record"
import { toBase64Url, wipe } from "@halfkey/core/primitives/bytes"
import type { CommitRequest, PrepareRequest } from "@halfkey/core/wire/secrets"
import { invalidResponse } from "./answer-reader.ts"
import { largeAnswerMaxBytes } from "./api-client.ts"
import type { CallScope } from "./call-scope.ts"
import type { SecretFloors } from "./floors.ts"
import { jitter } from "./retry.ts"
import type { SecretMetadata } from "./secret.ts"
import { checkNextVersion, floorOf } from "./secret-floors.ts"
import type { Session } from "./session.ts"
import type { SecretFloor } from "./stores.ts"
import { type OfferedSecret, readMetadataList, readPrepareAnswer } from "./vault-answers.ts"
import { floorsFor } from "./vault-read.ts"

export interface Write {
  readonly name: string
  readonly plaintext: VaultPlaintext
  readonly ifVersion?: number | undefined
}

interface Prepared {
  readonly keyset: VerifiedKeyset
  readonly offers: readonly OfferedSecret[]
}

interface Sealed {
  readonly request: CommitRequest
  /** In the order of the writes. */
  readonly seen: readonly { readonly floor: SecretFloor; readonly record: Uint8Array }[]
}

/** Most times that a write is tried because somebody else wrote first, and most because of a rotation. */
const attemptsMax = 5
const conflictDelayMs = 50

/**
 * Writes all or nothing, and answers in the order given. Names occur once, at most `namesPerRequest` of them.
 * Throws `version_conflict` where an `ifVersion` does not hold, or where others wrote first five times.
 */
export async function writeAll(
  session: Session,
  scope: CallScope,
  environment: string,
  writes: readonly Write[],
): Promise<SecretMetadata[]> {
  // Other writers and rotations are counted apart: one kind must not use up the turns of the other.
  const lost = { version_conflict: 0, epoch_changed: 0 }
  for (;;) {
    const prepared = await prepare(session, scope, environment, writes)
    checkConditions(writes, prepared.offers, environment)
    const sealed = sealAll(session, prepared, environment, writes)
    try {
      return await commit(session, scope, prepared.keyset, sealed)
    } catch (error) {
      const reason = reasonToStartOver(error, writes)
      if (reason === undefined || ++lost[reason] >= attemptsMax) throw error
      await scope.wait(jitter(conflictDelayMs * (lost.version_conflict + lost.epoch_changed)))
    }
  }
}

function reasonToStartOver(error: unknown, writes: readonly Write[]): "version_conflict" | "epoch_changed" | undefined {
  if (!(error instanceof HalfkeyError)) return undefined
  if (error.code === "epoch_changed") return "epoch_changed"
  const mayRepeat = error.code === "version_conflict" && writes.every(({ ifVersion }) => ifVersion === undefined)
  return mayRepeat ? "version_conflict" : undefined
}

/** Asks for versions, key ids and seeds, and verifies the key set. A newer epoch makes it fetch the documents once. */
async function prepare(
  session: Session,
  scope: CallScope,
  environment: string,
  writes: readonly Write[],
): Promise<Prepared> {
  const { keysets } = session.client
  const names = writes.map(({ name }) => name)
  for (let refetch = false; ; refetch = true) {
    const question = keysets.ask(environment, names, refetch)
    const body: PrepareRequest = { environment, names, ...(question.known && { known: question.known }) }
    const answer = readPrepareAnswer(
      await session.api.call(scope, {
        method: "POST",
        path: "/v1/secrets/prepare",
        body,
        repetition: "repeatable",
        maxBytes: largeAnswerMaxBytes,
        refusesMissing: false,
      }),
    )
    const keyset = await keysets.accept(question, answer.keyset)
    if (answer.epoch === keyset.sealingEpoch) {
      checkOffers(names, answer.secrets, floorsFor(question, keyset), keyset)
      return { keyset, offers: answer.secrets }
    }
    if (answer.keyset.present) {
      throw keysetCheckFailed(
        "epoch",
        `the server asks to seal under epoch ${answer.epoch}, the signed manifest's newest is ${keyset.sealingEpoch}`,
      )
    }
  }
}

function checkOffers(
  names: readonly string[],
  offers: readonly OfferedSecret[],
  floors: SecretFloors,
  { manifest }: VerifiedKeyset,
): void {
  if (offers.length !== names.length) throw invalidResponse("it offers versions for other secrets than asked")
  for (const [index, offer] of offers.entries()) {
    if (offer.name !== names[index]) throw invalidResponse("it offers versions for other secrets than asked")
    checkNextVersion(offer.name, offer, manifest.versionFloor, floors.get(offer.name))
  }
}

/** The commit compares and sets too: this only tells sooner, and tells what there is. */
function checkConditions(writes: readonly Write[], offers: readonly OfferedSecret[], environment: string): void {
  for (const [index, { ifVersion, name, plaintext }] of writes.entries()) {
    const { currentVersion, deleted } = offers[index] ?? { currentVersion: 0, deleted: false }
    if (plaintext.kind === "tombstone" && (currentVersion === 0 || deleted)) throw nothingToDelete(name, environment)
    if (ifVersion === undefined) continue
    if (ifVersion === currentVersion || (ifVersion === 0 && deleted)) continue
    const current = currentVersion === 0 ? "was never written" : `is at version ${currentVersion}`
    throw new HalfkeyError(
      "version_conflict",
      `${name} ${current}${deleted ? " (deleted)" : ""}, expected ${ifVersion}`,
      {
        hint: "read the current version, decide again, and write with its number",
        facts: { name, currentVersion },
      },
    )
  }
}

function nothingToDelete(name: string, environment: string): HalfkeyError {
  return new HalfkeyError("secret_not_found", `there is no secret ${name} in ${environment}`, {
    hint: `\`halfkey list -e ${environment}\` shows what there is`,
    facts: { missing: [name], environment },
  })
}

function sealAll(
  session: Session,
  { keyset, offers }: Prepared,
  environment: string,
  writes: readonly Write[],
): Sealed {
  const { keysetId, sealingEpoch: epoch, workspaceId } = keyset
  const seen: Sealed["seen"][number][] = []
  const requests: CommitRequest["writes"] = []
  for (const [index, { name, plaintext }] of writes.entries()) {
    const offer = offers[index]
    if (offer === undefined) throw new HalfkeyError("encryption_failed", "no version was offered")
    const encoded = encodeVaultPlaintext(plaintext)
    try {
      const record = sealRecord({
        context: { purpose: "secret", workspaceId, keysetId, name, version: offer.nextVersion },
        clientHalf: keyset.extractKey(epoch),
        keySeed: offer.keySeed,
        epoch,
        keyId: offer.keyId,
        plaintext: encoded,
        random32: session.random(32),
      })
      seen.push({ floor: floorOf(offer.nextVersion, epoch, record, plaintext.kind === "tombstone"), record })
      requests.push({
        name,
        previousVersion: offer.currentVersion,
        version: offer.nextVersion,
        deleted: plaintext.kind === "tombstone",
        record: toBase64Url(record),
      })
    } finally {
      wipe(encoded)
    }
  }
  return { request: { environment, writes: requests }, seen }
}

/**
 * Sends the records. An answer that was lost leaves open whether they were written, so the identical bytes are sent
 * again: the server answers as before (S10).
 */
async function commit(
  session: Session,
  scope: CallScope,
  keyset: VerifiedKeyset,
  { request, seen }: Sealed,
): Promise<SecretMetadata[]> {
  const answer = await session.api
    .call(scope, {
      method: "POST",
      path: "/v1/secrets/commit",
      body: request,
      repetition: "repeatable",
      refusesMissing: false,
    })
    .catch((error: unknown) => {
      throw perhapsWritten(error)
    })
  const written = readMetadataList(answer)
  if (written.length !== request.writes.length) throw invalidResponse("it confirms other writes than were sent")
  const confirmed = written.map((metadata, index) => {
    const { createdAt, deleted, id, name, updatedAt, version } = metadata
    const sent = request.writes[index]
    if (name !== sent?.name || version !== sent.version || deleted !== sent.deleted) {
      throw invalidResponse("it confirms other writes than were sent")
    }
    return { id, name, environment: keyset.name, version, createdAt, updatedAt }
  })
  for (const [index, { name }] of confirmed.entries()) {
    const each = seen[index]
    if (each !== undefined) session.floors.seeSecret(keyset.keysetId, name, each.floor, each.record)
  }
  return confirmed
}

function perhapsWritten(error: unknown): unknown {
  if (!(error instanceof HalfkeyError) || (error.type !== "NetworkError" && error.code !== "aborted")) return error
  return new HalfkeyError(error.code, `${error.message}; the write may or may not have been saved`, {
    hint: "read the secret to see, or write it again: that is safe",
  })
}
