/** What may become of a key set's state (S5): disabled and enabled at will; destroyed, and undone while there is time. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { Manifest } from "@halfkey/core/formats/manifest"
import type { KeysetRow } from "../../domain/rows.ts"
import { timeText } from "../time-text.ts"
import { refused } from "./keyset-checks.ts"

type Stage = Pick<KeysetRow, "name" | "state" | "undoUntil" | "purgedAt">

/** Throws `invalid_document`, check "state", for a new key set that is not enabled. */
export function checkFirstState(manifest: Manifest): void {
  if (manifest.state !== "enabled") throw refused("state", "a new key set must be enabled")
}

/** Throws `invalid_document`, check "state"; `keyset_disabled` where it is too late to undo. */
export function checkNextState(next: Manifest, previous: Manifest, row: Stage, now: number): void {
  if (next.state === "destroyed") requireSameEpochs(next, previous)
  else if (row.state === "destroyed" && !canBeUndone(row, now)) throw destroyedForGood(row)
}

/** Which changes of other things carry along; a change of state is an action of its own, in the audit log too. */
export function requireSameState(previous: Manifest, next: Manifest): void {
  if (next.state !== previous.state) throw refused("state", `it goes from ${previous.state} to ${next.state}`)
}

/**
 * Without its epochs the authority keys would go at once, and nothing could be undone; with a new one somebody would hold a
 * half that recovery does not expect.
 */
function requireSameEpochs(next: Manifest, previous: Manifest): void {
  const epochs = (manifest: Manifest) => manifest.epochs.map(({ epoch }) => epoch).join()
  if (epochs(next) !== epochs(previous)) throw refused("state", "a key set that is destroyed keeps its epochs")
}

/** Until when a key set with this next manifest can be undone; being signed again prolongs nothing. */
export function undoUntilOf(next: Manifest, row: Stage, now: number, destroyAfterMs: number): number | null {
  if (next.state !== "destroyed") return null
  return row.undoUntil ?? now + destroyAfterMs
}

function canBeUndone({ purgedAt, undoUntil }: Stage, now: number): boolean {
  return purgedAt === null && undoUntil !== null && now < undoUntil
}

/** Why nobody gets seeds or records of a key set that is not enabled, and what to type. */
export function keysetDisabled(row: Stage): HalfkeyError {
  const { name, purgedAt, state, undoUntil } = row
  if (state !== "destroyed") {
    return new HalfkeyError("keyset_disabled", `${name} is ${state}`, {
      hint: `halfkey environments enable ${name}   (as a granter)`,
      facts: { state },
    })
  }
  if (purgedAt !== null || undoUntil === null) return destroyedForGood(row)
  const until = timeText(undoUntil)
  return new HalfkeyError("keyset_disabled", `${name} is destroyed, which can be undone until ${until}`, {
    hint: `halfkey environments undo-destroy ${name}   (as a granter)`,
    facts: { state, undoUntil: until },
  })
}

function destroyedForGood({ name, state, undoUntil }: Stage): HalfkeyError {
  const since = undoUntil === null ? "" : `: it could be undone until ${timeText(undoUntil)}`
  return new HalfkeyError("keyset_disabled", `${name} is destroyed for good${since}`, {
    hint: "make another, under another name: halfkey environments create",
    facts: { state },
  })
}
