/** Key seeds in bulk (S6): fresh ones to seal under, and those of known key ids to open with. */
import { keyIdLength, type RecordHeader } from "@halfkey/core/formats/record"
import { concatBytes, toBase64Url, wipe } from "@halfkey/core/primitives/bytes"
import { invalidResponse } from "./answer-reader.ts"
import { largeAnswerMaxBytes } from "./api-client.ts"
import type { CallScope } from "./call-scope.ts"
import { grouped } from "./grouped.ts"
import type { Session } from "./session.ts"

type KeysetsWire = typeof import("@halfkey/core/wire/keysets")

/** Most seeds of one request; the type holds it in step with the server's. */
export const seedsPerRequest: KeysetsWire["seedsPerRequest"] = 10_000

const keySeedLength = 32

export interface GeneratedKey {
  /** 16 bytes, chosen by the server. */
  readonly keyId: Uint8Array
  /** 32 bytes. */
  readonly keySeed: Uint8Array
}

/** Fresh key ids with their seeds, in one request: at most `seedsPerRequest`. The caller compares the epoch. */
export async function generateSeeds(
  session: Session,
  scope: CallScope,
  keysetId: string,
  count: number,
): Promise<{ readonly epoch: number; readonly keys: readonly GeneratedKey[] }> {
  const answer = await session.api.call(scope, {
    method: "POST",
    path: `/v1/keysets/${keysetId}/data-keys/generate`,
    body: { count },
    repetition: "repeatable",
    maxBytes: largeAnswerMaxBytes,
  })
  const epoch = answer.field("epoch").integer(1)
  const keyIds = parted(answer.field("keyIds").bytes(count * keyIdLength), keyIdLength)
  const keySeeds = parted(answer.field("keySeeds").bytes(count * keySeedLength), keySeedLength)
  if (new Set(keyIds.map(toBase64Url)).size !== count) throw invalidResponse("it offers a key id twice")
  const keys = keyIds.map((keyId, index) => ({ keyId, keySeed: keySeeds[index] ?? new Uint8Array(0) }))
  return { epoch, keys }
}

/**
 * The seeds of records, in their order, in one request by epoch: at most `seedsPerRequest`. A key id that several share is
 * asked for once, and they share its seed.
 */
export async function retrieveSeeds(
  session: Session,
  scope: CallScope,
  keysetId: string,
  records: readonly Pick<RecordHeader, "epoch" | "keyId">[],
): Promise<Uint8Array[]> {
  if (records.length === 0) return []
  const nameOf = ({ epoch, keyId }: (typeof records)[number]) => `${epoch}/${toBase64Url(keyId)}`
  const wanted = new Map(records.map((record) => [nameOf(record), record]))
  const groups = [...grouped(wanted.values(), ({ epoch }) => epoch)]
  const answer = await session.api.call(scope, {
    method: "POST",
    path: `/v1/keysets/${keysetId}/data-keys/retrieve`,
    body: {
      groups: groups.map(([epoch, group]) => ({
        epoch,
        keyIds: toBase64Url(concatBytes(...group.map(({ keyId }) => keyId))),
      })),
    },
    repetition: "repeatable",
    maxBytes: largeAnswerMaxBytes,
  })
  const answered = answer.field("groups").list()
  if (answered.length !== groups.length) throw invalidResponse("it answers for other epochs than were asked for")
  const seeds = new Map<string, Uint8Array>()
  for (const [index, [epoch, group]] of groups.entries()) {
    const part = answered[index]
    if (part?.field("epoch").integer(1) !== epoch) throw invalidResponse("it answers for another epoch")
    const parts = parted(part.field("keySeeds").bytes(keySeedLength * group.length), keySeedLength)
    for (const [place, record] of group.entries()) seeds.set(nameOf(record), parts[place] ?? new Uint8Array(0))
  }
  return records.map((record) => seeds.get(nameOf(record)) ?? new Uint8Array(0))
}

/** Copies of the parts; what they were joined in is overwritten. */
function parted(joined: Uint8Array, length: number): Uint8Array[] {
  const parts: Uint8Array[] = []
  for (let offset = 0; offset < joined.length; offset += length) parts.push(joined.slice(offset, offset + length))
  wipe(joined)
  return parts
}
