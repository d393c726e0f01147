/** The remembered state of S10 as plain JSON: reading it strictly, and joining two so that nothing goes back. */
import { parseAuditOrigin } from "@halfkey/core/formats/audit-origin"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { isKeysetId } from "@halfkey/core/formats/ids"
import { secretNameProblem } from "@halfkey/core/formats/secret-name"
import { fromBase64Url } from "@halfkey/core/primitives/bytes"
import type {
  AuditFloor,
  AuditPeaks,
  CacheFloor,
  FreshnessState,
  KeysetFloor,
  RosterFloor,
  SecretFloor,
} from "./stores.ts"

type SecretFloors = Readonly<Record<string, SecretFloor>>

/**
 * Checks what a store gave. Throws `invalid_configuration`: to go on without it would give up a protection silently.
 */
export function checkedState(state: unknown): FreshnessState {
  const { audit, caches = {}, roster, keysets = {}, secrets = {} } = objectOf<FreshnessState>(state)
  if (roster !== undefined) requireFloor(isPosition(objectOf<RosterFloor>(roster).seq) && isHash(roster.hash))
  for (const [id, floor] of Object.entries(objectOf<NonNullable<typeof keysets>>(keysets))) {
    const { hash, incarnation, name, revision } = objectOf<KeysetFloor>(floor)
    requireFloor(isKeysetId(id) && typeof name === "string" && isPosition(incarnation))
    requireFloor(isPosition(revision) && isHash(hash))
  }
  for (const [id, floors] of Object.entries(objectOf<NonNullable<typeof secrets>>(secrets))) {
    requireFloor(isKeysetId(id))
    for (const [name, floor] of Object.entries(objectOf<SecretFloors>(floors))) {
      const { deleted, epoch, hash, version } = objectOf<SecretFloor>(floor)
      requireFloor(secretNameProblem(name) === undefined && isPosition(version) && isPosition(epoch) && isHash(hash))
      requireFloor(deleted === undefined || typeof deleted === "boolean")
    }
  }
  if (audit !== undefined) requireAuditFloor(objectOf<AuditFloor>(audit))
  for (const floor of Object.values(objectOf<NonNullable<typeof caches>>(caches))) {
    const { sequence, time } = objectOf<CacheFloor>(floor)
    requireFloor(isPosition(sequence) && isTime(time))
  }
  return state as FreshnessState
}

function requireAuditFloor({ origin, read, receiptsSince = 0, rootHash, seenAt, size }: AuditFloor): void {
  requireFloor(typeof origin === "string" && parseAuditOrigin(origin) !== undefined)
  requireFloor(isTime(size) && isHash(rootHash) && isTime(seenAt) && isTime(receiptsSince))
  if (read === undefined) return
  const { peaks, size: readSize } = objectOf<AuditPeaks>(read)
  requireFloor(isTime(readSize) && readSize <= size && Array.isArray(peaks) && peaks.every(isHash))
}

/**
 * Of each floor the higher one. Where both are equally high, `first` stays. For stores that several processes share.
 *
 * @example
 * const [here, there] = [{ roster: { seq: 1, hash: "…" } }, { roster: { seq: 2, hash: "…" } }]
 * console.log(joinStates(here, there).roster?.seq) // prints 2
 */
export function joinStates(first: FreshnessState, second: FreshnessState): FreshnessState {
  const roster = higher(first.roster, second.roster, ({ seq }) => [seq])
  const keysets = joinRecords(first.keysets, second.keysets, higherKeyset)
  const ids = Object.keys({ ...first.secrets, ...second.secrets })
  const secrets = ids.map((id) => [id, joinSecrets(id, first, second)] as const)
  const audit = higherAudit(first.audit, second.audit)
  const caches = joinRecords(first.caches, second.caches, higherCache)
  return {
    ...(roster && { roster }),
    keysets,
    secrets: Object.fromEntries(secrets),
    ...(audit && { audit }),
    ...(Object.keys(caches).length > 0 && { caches }),
  }
}

/** A read that reached the server starts its clock anew; until then time only goes up. */
export function higherCache(first: CacheFloor | undefined, second: CacheFloor | undefined): CacheFloor | undefined {
  return higher(first, second, ({ sequence, time }) => [sequence, time])
}

/** An accepted restore starts another log, however long the one before it was. */
export function higherAudit(first: AuditFloor | undefined, second: AuditFloor | undefined): AuditFloor | undefined {
  return higher(first, second, ({ origin, read, size }) => [incarnationOf(origin), size, read?.size ?? 0])
}

function incarnationOf(origin: string): number {
  return parseAuditOrigin(origin)?.incarnation ?? 0
}

export function higherKeyset(first: KeysetFloor | undefined, second: KeysetFloor | undefined): KeysetFloor | undefined {
  return higher(first, second, ({ incarnation, revision }) => [incarnation, revision])
}

/** A rotation seals every kept version again under a new epoch (S5), so that the epoch counts after the version. */
export function higherSecret(first: SecretFloor | undefined, second: SecretFloor | undefined): SecretFloor | undefined {
  return higher(first, second, ({ version, epoch }) => [version, epoch])
}

/** After an accepted restore (S10) the floors from before it no longer count. */
function joinSecrets(id: string, first: FreshnessState, second: FreshnessState): SecretFloors {
  const firstIncarnation = first.keysets?.[id]?.incarnation ?? 0
  const secondIncarnation = second.keysets?.[id]?.incarnation ?? 0
  if (firstIncarnation > secondIncarnation) return first.secrets?.[id] ?? {}
  if (firstIncarnation < secondIncarnation) return second.secrets?.[id] ?? {}
  return joinRecords(first.secrets?.[id], second.secrets?.[id], higherSecret)
}

function joinRecords<T>(
  first: Readonly<Record<string, T>> = {},
  second: Readonly<Record<string, T>> = {},
  join: (first: T | undefined, second: T | undefined) => T | undefined,
): Record<string, T> {
  const names = new Set([...Object.keys(first), ...Object.keys(second)])
  const own = (record: Readonly<Record<string, T>>, name: string) =>
    Object.hasOwn(record, name) ? record[name] : undefined
  const joined = [...names].map((name) => [name, join(own(first, name), own(second, name))] as const)
  return Object.fromEntries(joined.filter((entry): entry is readonly [string, T & {}] => entry[1] !== undefined))
}

function higher<T>(
  first: T | undefined,
  second: T | undefined,
  position: (floor: T) => readonly number[],
): T | undefined {
  if (first === undefined || second === undefined) return first ?? second
  const at = position(first)
  for (const [index, value] of position(second).entries()) {
    const difference = value - (at[index] ?? 0)
    if (difference !== 0) return difference > 0 ? second : first
  }
  return first
}

function objectOf<T>(value: unknown): T {
  requireFloor(typeof value === "object" && value !== null && !Array.isArray(value))
  return value as T
}

function isPosition(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1
}

function isTime(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isHash(value: unknown): boolean {
  return typeof value === "string" && fromBase64Url(value)?.length === 32
}

function requireFloor(holds: boolean): void {
  if (holds) return
  throw new HalfkeyError("invalid_configuration", "what this machine remembers of the workspace is damaged", {
    hint: "restore the state file from a backup; without it, this machine cannot notice that the server goes back in time",
  })
}
