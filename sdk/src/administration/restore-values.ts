/** Bringing back what is kept here after a restore (S10): rosters as they were signed, secrets as new versions. */
import { openRecord } from "@halfkey/core/client/record-crypto"
import type { VerifiedKeyset } from "@halfkey/core/client/verified-keyset"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { decodeVaultPlaintext, parseRecord, type VaultPlaintext } from "@halfkey/core/formats/record"
import { wipe } from "@halfkey/core/primitives/bytes"
import type { CallScope } from "../call-scope.ts"
import { retrieveSeeds } from "../data-keys.ts"
import type { CallOptions } from "../options.ts"
import type { Session } from "../session.ts"
import { type Write, writeAll } from "../vault-write.ts"
import { type Comparison, compare, type KeysetComparison } from "./comparison.ts"
import { loadForSigning } from "./keyset-changes.ts"
import type { BroughtBack, ComparedSecret } from "./restore-types.ts"
import { putRoster } from "./roster.ts"

/** Most secrets of one round, and most bytes of their records unless one alone has more: each is one atomic write. */
const secretsPerRound = 100
const bytesPerRound = 4 * 1024 * 1024

interface Kept extends ComparedSecret {
  readonly record: Uint8Array
}

/** Repeating it is no failure: what is there already is no difference any more. */
export async function bringBack(
  session: Session,
  call: CallOptions,
  names: readonly string[] | undefined,
): Promise<BroughtBack> {
  const comparison = await session.run(call, async (scope) => await compare(session, scope, names))
  const rosters = await uploadRosters(session, call, comparison)
  const secrets: BroughtBack["secrets"][number][] = []
  const notOpened: BroughtBack["notOpened"][number][] = []
  const notAccepted: string[] = []
  for (const keyset of comparison.keysets) {
    const rounds = roundsOf(keyset)
    if (rounds.length > 0 && keyset.refused) notAccepted.push(keyset.name)
    else {
      for (const round of rounds) {
        const { shut, written } = await session.run(
          call,
          async (scope) => await writeRound(session, scope, keyset, round),
        )
        secrets.push(...written)
        notOpened.push(...shut.map(({ here, name }) => ({ environment: keyset.name, name, version: here })))
      }
    }
  }
  return { ...rosters, secrets, notOpened, notAccepted }
}

/** Only as they are: a roster that needs manifests signed with it is left to whoever accepts the restore. */
async function uploadRosters(
  session: Session,
  call: CallOptions,
  { roster }: Comparison,
): Promise<Pick<BroughtBack, "rosters" | "rostersRefused">> {
  const rosters: number[] = []
  for (const next of roster?.missing ?? []) {
    try {
      await session.run(call, async (scope) => await putRoster(session, scope, next, [], true))
      rosters.push(next.seq)
    } catch (error) {
      const refusals = ["insufficient_scope", "api_key_restricted", "client_required", "invalid_document"]
      if (!(error instanceof HalfkeyError) || !refusals.includes(error.code)) throw error
      return { rosters, rostersRefused: error.code }
    }
  }
  return { rosters, rostersRefused: null }
}

function roundsOf({ remembered, secrets }: KeysetComparison): Kept[][] {
  const rounds: Kept[][] = []
  let bytes = 0
  for (const difference of secrets.differences) {
    const record = remembered?.secrets.get(difference.name)?.record
    if (difference.remedy !== "write" && difference.remedy !== "delete") continue
    const kept = { ...difference, record: record ?? new Uint8Array(0) }
    const round = rounds.at(-1)
    bytes += kept.record.length
    if (round !== undefined && round.length < secretsPerRound && bytes <= bytesPerRound) round.push(kept)
    else {
      rounds.push([kept])
      bytes = kept.record.length
    }
  }
  return rounds
}

/** Opens under the old name and version, seals as the next; each only while the server is at the version that was compared. */
async function writeRound(
  session: Session,
  scope: CallScope,
  { keysetId }: KeysetComparison,
  round: readonly Kept[],
): Promise<{ written: BroughtBack["secrets"][number][]; shut: Kept[] }> {
  // With the floors: what is written is sealed for members that this machine knows of.
  const keyset = await loadForSigning(session, scope, keysetId, "remove")
  const { plaintexts, shut } = await openAll(session, scope, keyset, round)
  const writes: Write[] = round.flatMap(({ name, there }, index) => {
    const plaintext = plaintexts[index]
    return plaintext === undefined ? [] : [{ name, plaintext, ifVersion: there }]
  })
  try {
    const written = writes.length === 0 ? [] : await writeAll(session, scope, keyset.name, writes)
    const deleted = new Map(writes.map(({ name, plaintext }) => [name, plaintext.kind === "tombstone"]))
    return {
      written: written.map(({ environment, name, version }) => ({
        environment,
        name,
        version,
        deleted: deleted.get(name) === true,
      })),
      shut,
    }
  } finally {
    for (const plaintext of plaintexts) if (plaintext?.kind === "value") wipe(plaintext.value)
  }
}

async function openAll(
  session: Session,
  scope: CallScope,
  keyset: VerifiedKeyset,
  round: readonly Kept[],
): Promise<{ plaintexts: (VaultPlaintext | undefined)[]; shut: Kept[] }> {
  const values = round.filter(({ remedy }) => remedy === "write")
  const seeds = await seedsOf(session, scope, keyset, values)
  const shut: Kept[] = []
  const plaintexts = round.map((kept): VaultPlaintext | undefined => {
    if (kept.remedy === "delete") return { kind: "tombstone" }
    const plaintext = openOne(keyset, kept, seeds.get(kept))
    if (plaintext === undefined) shut.push(kept)
    return plaintext
  })
  for (const seed of seeds.values()) wipe(seed)
  return { plaintexts, shut }
}

/** `undefined` for what does not open: the archive is a file, and may be damaged; a server's seed may be wrong. */
function openOne(
  keyset: VerifiedKeyset,
  { here: version, name, record }: Kept,
  keySeed: Uint8Array | undefined,
): VaultPlaintext | undefined {
  if (keySeed === undefined) return undefined
  const { keysetId, workspaceId } = keyset
  const context = { purpose: "secret", workspaceId, keysetId, name, version } as const
  try {
    const clientHalf = keyset.extractKey(parseRecord(record).header.epoch)
    const opened = openRecord(record, context, { clientHalf, keySeed })
    const plaintext = decodeVaultPlaintext(opened)
    if (plaintext.kind !== "value") return undefined
    const value = plaintext.value.slice()
    wipe(opened)
    return { kind: "value", value }
  } catch (error) {
    if (error instanceof HalfkeyError && error.code === "record_verification_failed") return undefined
    throw error
  }
}

/** One request for all that are of a live epoch. */
async function seedsOf(
  session: Session,
  scope: CallScope,
  { keysetId, manifest }: VerifiedKeyset,
  values: readonly Kept[],
): Promise<Map<Kept, Uint8Array>> {
  const headers = values.map((kept) => ({ kept, header: parseRecord(kept.record).header }))
  const live = headers.filter(({ header }) => manifest.epochs.some(({ epoch }) => epoch === header.epoch))
  const seeds = await retrieveSeeds(
    session,
    scope,
    keysetId,
    live.map(({ header }) => header),
  )
  return new Map(live.map(({ kept }, index) => [kept, seeds[index] ?? new Uint8Array(0)]))
}
