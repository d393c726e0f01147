/** What accepting a restore would sign, worked out from a comparison (S10): nothing is sealed or signed here. */

import type { NewMember } from "@halfkey/core/client/membership"
import { isEpochLost, restoredMembers } from "@halfkey/core/client/restore"
import { clientKeysProblem } from "@halfkey/core/formats/client-keys"
import { HalfkeyError, keysetCheckFailed } from "@halfkey/core/formats/errors"
import type { KeysetId } from "@halfkey/core/formats/ids"
import { currentEpoch, type Manifest } from "@halfkey/core/formats/manifest"
import { signerKey } from "@halfkey/core/formats/roster"
import type { ServedClient } from "./answers.ts"
import { type Comparison, highestVersion, type KeysetComparison, type RosterComparison } from "./comparison.ts"
import type { AcceptRestoreOptions, PlannedEnvironment, RestorePlan } from "./restore-types.ts"

/** Other machines may have seen versions that this one has not: as many more are left out, and the number is a round one. */
const versionRoom = 1000

export interface KeysetPlan {
  readonly comparison: KeysetComparison
  readonly remembered: Manifest
  readonly letInAgain: readonly NewMember[]
  readonly shown: PlannedEnvironment
}

export interface PlanInput {
  readonly comparison: Comparison
  /** As the server registers them, keys not yet checked against ids. */
  readonly clients: readonly ServedClient[]
  /** Whether this client can open the halves of a served key set, to seal them to others. */
  readonly hasHalves: (keyset: KeysetComparison) => boolean
  /** Names or ids; all that need it when left out. */
  readonly names: readonly string[] | undefined
  readonly options: AcceptRestoreOptions
}

/** Throws where nothing that this machine could sign would be right: the text says what a person can do. */
export function planRestore(input: PlanInput): {
  readonly keysets: readonly KeysetPlan[]
  readonly shown: RestorePlan
} {
  const { comparison, names, options } = input
  const { keysets, roster } = comparison
  if (roster !== undefined) requireJoinable(roster)
  const isMeant = ({ keysetId, name }: KeysetComparison) =>
    names === undefined || names.includes(name) || names.includes(keysetId)
  const forced = new Set<KeysetId>(roster === undefined ? [] : leftWithoutSigner(roster, keysets))
  const wanted = keysets.filter((each) => {
    const needsIt = each.refused || (options.anyway === true && names !== undefined)
    return forced.has(each.keysetId) || (isMeant(each) && needsIt)
  })
  // One for all: the audit log of the workspace gets one new origin for one restore.
  const incarnation = 1 + Math.max(0, ...keysets.map(highestIncarnation))
  const planned = wanted.flatMap((each) => planKeyset(each, incarnation, input) ?? [])
  return {
    keysets: planned,
    shown: {
      rosters: roster?.missing.map(({ seq }) => seq) ?? [],
      environments: planned.map(({ shown }) => shown),
    },
  }
}

function highestIncarnation({ remembered, served }: KeysetComparison): number {
  return Math.max(remembered?.floor.incarnation ?? 0, served?.documents.manifest.incarnation ?? 0)
}

/** Key sets whose manifest no client would take any more under a roster that is uploaded: they must be signed with it. */
function leftWithoutSigner({ missing, root }: RosterComparison, keysets: readonly KeysetComparison[]): KeysetId[] {
  return keysets.flatMap(({ keysetId, served }) => {
    const signerId = served?.documents.manifest.signerId
    const stays = signerId === undefined || missing.every((roster) => signerKey(signerId, root, roster) !== undefined)
    return stays ? [] : [keysetId]
  })
}

function requireJoinable({ floor, missing, served, standing }: RosterComparison): void {
  const there = served.at(-1)?.seq ?? 0
  if (standing === "parted") {
    throw keysetRosterFailed(
      `the server's roster ${there} is not of the same history as roster ${floor?.seq} that this machine has seen`,
      "no signature joins them. With the kit, on a machine that remembers nothing of this workspace: halfkey recover. Every other machine then forgets what it has seen, and gets new credentials",
    )
  }
  if (standing === "behind" && missing.length === 0) {
    throw keysetRosterFailed(
      `the server is at roster ${there}, and this machine does not keep the rosters up to ${floor?.seq} that it has seen`,
      "run it on a machine whose `halfkey reconcile` says that it can upload them",
    )
  }
}

function keysetRosterFailed(message: string, hint: string): HalfkeyError {
  const { check, code, message: text } = keysetCheckFailed("roster", message)
  return new HalfkeyError(code, text, { check, hint })
}

function planKeyset(comparison: KeysetComparison, incarnation: number, input: PlanInput): KeysetPlan | undefined {
  const { name, remembered: known, served } = comparison
  const remembered = known?.manifest
  if (known === undefined || remembered === undefined) throw notKept(comparison)
  const { options } = input
  const versionFloor = roundedUp(
    Math.max(highestVersion(known), remembered.versionFloor, served?.documents.manifest.versionFloor ?? 0),
    options.versionFloor ?? 0,
  )
  const parts = { environment: name, incarnation, versionFloor, state: remembered.state }
  if (served === undefined) {
    // Of one that was shut nothing is worth making again; its name stays taken.
    return remembered.state === "enabled" ? planAnew(comparison, remembered, parts, input) : undefined
  }
  const there = served.documents.manifest
  const { letInAgain, notLetIn } = admissions(comparison, remembered, there, input)
  const members = restoredMembers(there, remembered, letInAgain)
  const isLost = remembered.state !== "destroyed" && isEpochLost(there, remembered)
  const here = new Set(remembered.members.map(({ clientId }) => clientId))
  const shown = {
    ...parts,
    members: members.map(({ clientId, label, mode }) => ({
      clientId,
      label,
      mode,
      again: letInAgain.some((member) => member.clientId === clientId),
    })),
    staysOut: there.members
      .filter(({ clientId }) => !here.has(clientId))
      .map(({ clientId, label }) => ({ clientId, label })),
    notLetIn,
    newEpoch: isLost ? Math.max(currentEpoch(there) ?? 0, currentEpoch(remembered) ?? 0) + 1 : null,
    madeAgain: false,
  }
  return { comparison, remembered, letInAgain, shown }
}

type Parts = Pick<PlannedEnvironment, "environment" | "incarnation" | "versionFloor" | "state">

/** Nothing of it is left on the server, so nobody's half is needed: whoever is registered is in again. */
function planAnew(
  comparison: KeysetComparison,
  remembered: Manifest,
  parts: Parts,
  { clients }: PlanInput,
): KeysetPlan {
  const isRegistered = (clientId: string) =>
    clients.some((client) => client.clientId === clientId && client.revokedAt === null)
  const shown: PlannedEnvironment = {
    ...parts,
    members: remembered.members
      .filter(({ clientId }) => isRegistered(clientId))
      .map(({ clientId, label, mode }) => ({ clientId, label, mode, again: false })),
    staysOut: [],
    notLetIn: remembered.members
      .filter(({ clientId }) => !isRegistered(clientId))
      .map(({ clientId, label }) => ({ clientId, label, why: "not-registered" })),
    newEpoch: (currentEpoch(remembered) ?? 0) + 1,
    madeAgain: true,
  }
  return { comparison, remembered, letInAgain: [], shown }
}

/**
 * Members of the remembered manifest that the served one lacks. Keys come from the remembered document and the
 * server's register together: what both say hashes to the id, or nothing is sealed.
 */
function admissions(
  comparison: KeysetComparison,
  remembered: Manifest,
  there: Manifest,
  { clients, hasHalves }: PlanInput,
): { letInAgain: NewMember[]; notLetIn: PlannedEnvironment["notLetIn"][number][] } {
  const present = new Set(there.members.map(({ clientId }) => clientId))
  const letInAgain: NewMember[] = []
  const notLetIn: PlannedEnvironment["notLetIn"][number][] = []
  for (const member of remembered.members) {
    if (present.has(member.clientId)) continue
    const { clientId, label } = member
    const registered = clients.find((client) => client.clientId === clientId && client.revokedAt === null)
    const candidate = registered && { ...member, signPk: registered.signPk }
    if (candidate === undefined || clientKeysProblem(remembered.workspaceId, candidate) !== undefined) {
      notLetIn.push({ clientId, label, why: "not-registered" })
    } else if (hasHalves(comparison)) letInAgain.push(candidate)
    else notLetIn.push({ clientId, label, why: "no-half" })
  }
  return { letInAgain, notLetIn }
}

function roundedUp(seen: number, asked: number): number {
  return Math.max(asked, Math.ceil((seen + versionRoom) / versionRoom) * versionRoom)
}

function notKept({ name, remembered }: KeysetComparison): HalfkeyError {
  const seen = remembered === undefined ? "has never seen" : `does not keep revision ${remembered.floor.revision} of`
  return new HalfkeyError("invalid_configuration", `this machine ${seen} ${name}, so it cannot know who was a member`, {
    hint: "run it on a machine whose `halfkey reconcile` lists its members",
  })
}
