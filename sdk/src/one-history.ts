/**
 * Two things that were seen must belong to one history (S10): what two calls, or two processes that share a store, have
 * seen at the same place is the same. A server that shows each of them something else is found when they meet.
 */
import { keysetCheckFailed } from "@halfkey/core/formats/errors"
import { anotherLog } from "./audit/problems.ts"
import { checkSameVersion } from "./secret-floors.ts"
import type { AuditFloor, FreshnessState, KeysetFloor, RosterFloor } from "./stores.ts"

export function requireSameRoster(known: RosterFloor | undefined, seen: RosterFloor): void {
  if (known === undefined || known.seq !== seen.seq || known.hash === seen.hash) return
  throw keysetCheckFailed("freshness", `roster ${seen.seq} is not the one seen before`)
}

export function requireSameManifest(known: KeysetFloor | undefined, seen: KeysetFloor): void {
  if (known === undefined || known.incarnation !== seen.incarnation || known.revision !== seen.revision) return
  if (known.hash === seen.hash) return
  throw keysetCheckFailed("freshness", `revision ${seen.revision} of ${seen.name} is not the one seen before`)
}

/** Throws `audit_verification_failed`, check "freshness". Heads of different sizes say nothing about each other by themselves. */
export function requireSameHead(known: AuditFloor | undefined, seen: AuditFloor): void {
  if (known === undefined || known.origin !== seen.origin || known.size !== seen.size) return
  if (known.rootHash !== seen.rootHash) throw anotherLog(known)
}

/** Throws `audit_verification_failed`, `keyset_verification_failed` or `record_verification_failed`, check "freshness". */
export function requireOneHistory(stored: FreshnessState, seen: FreshnessState): void {
  if (seen.roster !== undefined) requireSameRoster(stored.roster, seen.roster)
  if (seen.audit !== undefined) requireSameHead(stored.audit, seen.audit)
  for (const [id, keyset] of Object.entries(seen.keysets ?? {})) {
    const known = stored.keysets?.[id]
    requireSameManifest(known, keyset)
    // An accepted restore starts another history of secrets.
    if (known?.incarnation !== keyset.incarnation) continue
    const floors = new Map(Object.entries(stored.secrets?.[id] ?? {}))
    for (const [name, floor] of Object.entries(seen.secrets?.[id] ?? {})) {
      const before = floors.get(name)
      if (before?.epoch === floor.epoch) checkSameVersion(name, floor, before)
    }
  }
}
