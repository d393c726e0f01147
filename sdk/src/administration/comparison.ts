/**
 * Comparing what the server says with what this machine remembers (S10), where the usual checks would only refuse. Every
 * check of S4 but the floors is run; nothing that is seen here moves a floor.
 */
import { checkRosters, type KeysetBundle, verifyDocuments } from "@halfkey/core/client/load-keyset"
import { isEpochLost } from "@halfkey/core/client/restore"
import type { VerifiedDocuments } from "@halfkey/core/client/verified-documents"
import { HalfkeyError, keysetCheckFailed } from "@halfkey/core/formats/errors"
import { isKeysetId, type KeysetId } from "@halfkey/core/formats/ids"
import { type Manifest, type Member, manifestFormat } from "@halfkey/core/formats/manifest"
import { type Roster, rosterFormat, type WorkspaceRootKeys } from "@halfkey/core/formats/roster"
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import { equalBytes } from "@halfkey/core/primitives/hash"
import { largeAnswerMaxBytes } from "../api-client.ts"
import type { CallScope } from "../call-scope.ts"
import { readBundle } from "../keyset-bundle.ts"
import type { Session } from "../session.ts"
import { compareSecrets, type SecretComparison } from "./compared-secrets.ts"
import { listKeysets } from "./keyset-list.ts"
import { type Remembered, type RememberedKeyset, readRemembered } from "./remembered.ts"
import type { ComparedEnvironment, ComparedMember, ComparedRoster, Reconciliation, Standing } from "./restore-types.ts"

export interface ServedKeyset {
  readonly bundle: KeysetBundle
  readonly documents: VerifiedDocuments
}

export interface KeysetComparison {
  readonly keysetId: KeysetId
  readonly name: string
  readonly standing: Standing
  /** Whether the usual checks refuse the server here, and a restore would have to be accepted. */
  readonly refused: boolean
  readonly remembered: RememberedKeyset | undefined
  readonly served: ServedKeyset | undefined
  readonly secrets: SecretComparison
}

export interface RosterComparison {
  readonly standing: ComparedRoster["standing"]
  readonly root: WorkspaceRootKeys
  readonly served: readonly Roster[]
  /** What can be uploaded, ascending: linked to the served newest, and each link checked. */
  readonly missing: readonly Roster[]
  readonly floor: Remembered["roster"]
}

export interface Comparison {
  /** `undefined` where the caller sees no key set. */
  readonly roster: RosterComparison | undefined
  readonly keysets: readonly KeysetComparison[]
}

/**
 * Compares these environments, by name or id, or all that were seen or are listed. Throws `keyset_verification_failed` for
 * documents that no restore explains, `keyset_not_found` for a name that neither side knows.
 */
export async function compare(session: Session, scope: CallScope, names?: readonly string[]): Promise<Comparison> {
  const remembered = await readRemembered(session)
  const chosen = chosenFrom(remembered, await listKeysets(session, scope), names)
  const keysets: KeysetComparison[] = []
  let roster: RosterComparison | undefined
  for (const { keysetId, name } of chosen) {
    const known = remembered.keysets.find((each) => each.keysetId === keysetId)
    const served = await fetchKeyset(session, scope, keysetId, name, known)
    roster ??= served && compareRosters(session, served.bundle, remembered)
    if (served !== undefined) requireSameRosters(roster, served, name)
    const standing = standingOf(known, served)
    const secrets = await compareSecrets(session, scope, keysetId, known, served?.documents.manifest)
    const refused = standing !== "current" || secrets.differences.some((each) => each.refused)
    keysets.push({ keysetId, name, standing, refused, remembered: known, served, secrets })
  }
  return { roster, keysets }
}

/** One workspace has one roster: under an older one a manifest could count here whose signer was removed since (check 4 of S4). */
function requireSameRosters(roster: RosterComparison | undefined, { documents }: ServedKeyset, name: string): void {
  const newest = roster?.served.at(-1)
  if (newest === undefined || equalBytes(rosterFormat.hash(newest), documents.rosterHash)) return
  const { check, code, message } = keysetCheckFailed("roster", `${name} is served with another roster than the rest`)
  throw new HalfkeyError(code, message, { check, hint: "try again, if a granter has just changed the roster" })
}

function chosenFrom(
  { keysets }: Remembered,
  listed: readonly { readonly keysetId: string; readonly name: string }[],
  names: readonly string[] | undefined,
) {
  const all = new Map<string, string>(listed.map(({ keysetId, name }) => [keysetId, name]))
  for (const { floor, keysetId } of keysets) all.set(keysetId, floor.name)
  const found = [...all].map(([keysetId, name]) => ({ keysetId: keysetId as KeysetId, name }))
  found.sort((left, right) => (left.name < right.name ? -1 : 1))
  if (names === undefined) return found
  return [...new Set(names)].map((wanted) => {
    const one = found.find(({ keysetId, name }) => (isKeysetId(wanted) ? keysetId : name) === wanted)
    if (one !== undefined) return one
    const available = found.map(({ name }) => name)
    throw new HalfkeyError("keyset_not_found", `neither the server nor this machine knows an environment ${wanted}`, {
      hint: `available: ${available.join(", ")}`,
      facts: { available },
    })
  })
}

/** Checks 1 to 7 of S4; by id, and by the name that this machine knows for it. `undefined`: the server has none. */
async function fetchKeyset(
  session: Session,
  scope: CallScope,
  keysetId: KeysetId,
  name: string,
  known: RememberedKeyset | undefined,
): Promise<ServedKeyset | undefined> {
  try {
    const answer = await session.api.call(scope, {
      method: "GET",
      path: `/v1/keysets/${keysetId}`,
      query: { recovery: true, sinceRevision: known?.floor.revision },
      repetition: "repeatable",
      maxBytes: largeAnswerMaxBytes,
    })
    const bundle = readBundle(answer)
    const { workspaceId } = session.configuration.crn
    return { bundle, documents: verifyDocuments({ workspaceId, bundle, expected: { keysetId, name } }) }
  } catch (error) {
    if (error instanceof HalfkeyError && error.code === "keyset_not_found") return undefined
    throw error
  }
}

function standingOf(known: RememberedKeyset | undefined, served: ServedKeyset | undefined): Standing {
  if (served === undefined) return "gone"
  if (known === undefined) return "current"
  const { manifest } = served.documents
  const { hash, incarnation, revision } = known.floor
  // Accepted by another granter: but not with numbers that were given already, which every client would refuse.
  if (manifest.incarnation > incarnation) return manifest.versionFloor < highestVersion(known) ? "parted" : "current"
  if (manifest.incarnation < incarnation || manifest.revision < revision) return "behind"
  const seen = served.bundle.manifests.find((each) => each.revision === revision)
  return seen !== undefined && toBase64Url(manifestFormat.hash(seen)) === hash ? "current" : "parted"
}

/** Of any secret that was ever seen here. */
export function highestVersion({ secrets }: RememberedKeyset): number {
  let highest = 0
  for (const { version } of secrets.values()) highest = Math.max(highest, version)
  return highest
}

function compareRosters(
  session: Session,
  bundle: KeysetBundle,
  { roster: floor, rosters }: Remembered,
): RosterComparison {
  const { root, rosters: served } = bundle
  const parts = { root, served, floor }
  const there = served.at(-1)
  if (floor === undefined || there === undefined) return { ...parts, standing: "current", missing: [] }
  const seen = served[floor.seq - 1]
  if (seen !== undefined) {
    const isSame = toBase64Url(rosterFormat.hash(seen)) === floor.hash
    return { ...parts, standing: isSame ? "current" : "parted", missing: [] }
  }
  const missing = rosters.filter(({ seq }) => seq > there.seq)
  const link = missing[0]?.previousHash
  // Without the documents between, nobody can tell whether they would fit.
  if (missing.length < floor.seq - there.seq || link === undefined) return { ...parts, standing: "behind", missing: [] }
  if (!equalBytes(link, rosterFormat.hash(there))) return { ...parts, standing: "parted", missing: [] }
  checkRosters(session.configuration.crn.workspaceId, root, [...served, ...missing])
  return { ...parts, standing: "behind", missing }
}

export function reconciliationOf({ keysets, roster }: Comparison): Reconciliation {
  const environments = keysets.map(comparedEnvironment)
  const changed = ({ secrets, standing }: ComparedEnvironment) => standing !== "current" || secrets.length > 0
  return {
    differs: (roster !== undefined && roster.standing !== "current") || environments.some(changed),
    roster: roster === undefined ? null : comparedRoster(roster),
    environments,
  }
}

function comparedRoster({ floor, missing, served, standing }: RosterComparison): ComparedRoster {
  return {
    standing,
    here: floor?.seq ?? null,
    there: served.at(-1)?.seq ?? 0,
    canUpload: missing.map(({ seq }) => seq),
  }
}

function comparedEnvironment(comparison: KeysetComparison): ComparedEnvironment {
  const { keysetId, name, refused, remembered, secrets, served, standing } = comparison
  const here = remembered?.manifest
  const there = served?.documents.manifest
  const differs = standing !== "current"
  const isLost = differs && here !== undefined && (there === undefined || isEpochLost(there, here))
  return {
    environment: name,
    keysetId,
    standing,
    refused,
    here: remembered ? { incarnation: remembered.floor.incarnation, revision: remembered.floor.revision } : null,
    there: there ? { incarnation: there.incarnation, revision: there.revision } : null,
    documentKept: here !== undefined,
    state: { here: here?.state ?? null, there: there?.state ?? null },
    members: differs && here !== undefined ? changedMembers(here, there) : [],
    lostEpoch: isLost ? (here.epochs.at(-1)?.epoch ?? null) : null,
    secrets: secrets.differences,
    secretsUnknown: secrets.unknown ?? null,
  }
}

function changedMembers(here: Manifest, there: Manifest | undefined): ComparedMember[] {
  const byId = (members: readonly Member[] = []) => new Map(members.map((member) => [member.clientId, member]))
  const [before, now] = [byId(here.members), byId(there?.members)]
  return [...new Map([...now, ...before])].flatMap(([clientId, { label }]) => {
    const compared = {
      clientId,
      label,
      here: before.get(clientId)?.mode ?? null,
      there: now.get(clientId)?.mode ?? null,
    }
    return compared.here === compared.there ? [] : [compared]
  })
}
