/** What can be wrong with roots, rosters, manifests and floors when a key set is loaded (S4, S10). */
import type { KeysetId } from "@halfkey/core/formats/ids"
import { clientIdOf } from "@halfkey/core/formats/ids"
import { type Manifest, type ManifestFields, manifestFormat } from "@halfkey/core/formats/manifest"
import { type Roster, type RosterFields, rosterFormat } from "@halfkey/core/formats/roster"
import { type Change, fixed, fixedKeysetId, hex, turned } from "./fixed.ts"
import type { LoadCase } from "./load-keyset.ts"
import * as world from "./world.ts"

const { admin, second, ci, stranger, roster1, roster2, manifest1, manifest2, by, byRoot } = world
const at = (...path: (string | number)[]) => ({ to: (value: unknown): Change => ({ path, value }) })
/** The whole chain, or only its second document when the first is the one of the good input. */
const chain = (name: string, first: object, json: Record<string, unknown>[], starts: unknown): Change =>
  starts === first && json.length === 2 ? at("bundle", name, 1).to(json[1]) : at("bundle", name).to(json)
const rosters = (...all: Roster[]) =>
  chain(
    "rosters",
    roster1,
    all.map((roster) => rosterFormat.toJson(roster)),
    all[0],
  )
const manifests = (...all: Manifest[]) =>
  chain(
    "manifests",
    manifest1,
    all.map((manifest) => manifestFormat.toJson(manifest)),
    all[0],
  )
/** Without what this machine remembers, only the chains speak. */
const noFloors = at("floors").to({})
const otherWorkspace = `${world.workspaceId.slice(0, -1)}${world.workspaceId.endsWith("A") ? "B" : "A"}` as never

const rootKeys = world.root.publicKeys

const rootCases: LoadCase[] = [
  {
    name: "another signing key of the root",
    check: "root",
    changes: [at("bundle", "root", "signPk").to(hex(turned(rootKeys.signPk, 0)))],
  },
  {
    name: "another X-Wing key of the root",
    check: "root",
    changes: [at("bundle", "root", "kemPk").to(hex(turned(rootKeys.kemPk, 1215)))],
  },
  { name: "the CRN of another workspace", check: "root", changes: [at("workspaceId").to(otherWorkspace)] },
]

const rosterCase = (name: string, ...all: Roster[]): LoadCase => ({
  name: `roster: ${name}`,
  check: "roster",
  changes: [rosters(...all), noFloors],
})
const roster2With = (changes: Partial<RosterFields>, signer = by(admin)) => world.roster(roster1, signer, changes)
const grantersOf = (changes: Partial<(typeof roster1.granters)[number]>) => [{ ...admin.asGranter, ...changes }]
/** A point of order 8: anybody can make signatures that lax verifiers take for its owner's. */
const smallOrder = new Uint8Array(
  Buffer.from("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "hex"),
)
const smallOrderId = clientIdOf(world.workspaceId, smallOrder, admin.kemPk)

const rosterCases: LoadCase[] = [
  rosterCase("none is served"),
  rosterCase("the first is left out", roster2),
  rosterCase("the order is reversed", roster2, roster1),
  rosterCase("one is served twice", roster1, roster1),
  rosterCase("a seq is left out", roster1, world.roster(roster1, by(admin), { seq: 3 })),
  rosterCase("seq 1 names a previous hash", world.roster(undefined, byRoot, { previousHash: fixed("x") })),
  rosterCase("seq 2 names no previous hash", roster1, roster2With({ previousHash: undefined })),
  rosterCase("seq 2 names another previous hash", roster1, roster2With({ previousHash: fixed("x") })),
  rosterCase("another workspace", roster1, roster2With({ workspaceId: otherWorkspace })),
  rosterCase("seq 1 is signed by a granter", world.roster(undefined, by(admin))),
  rosterCase("a stranger signs", roster1, roster2With({}, by(stranger))),
  rosterCase("a stranger adds itself", roster1, roster2With({ granters: [stranger.asGranter] }, by(stranger))),
  rosterCase(
    "a stranger signs in the name of a granter",
    roster1,
    roster2With({ signerId: admin.clientId }, by(stranger)),
  ),
  rosterCase("the signature is changed", roster1, { ...roster2, signature: turned(roster2.signature, 0) }),
  rosterCase("a field is changed", roster1, { ...roster2, createdAt: roster2.createdAt + 1 }),
  rosterCase(
    "a granter's signing key is not its id's",
    roster1,
    roster2With({ granters: grantersOf({ signPk: stranger.signPk }) }),
  ),
  rosterCase(
    "a granter's X-Wing key is not its id's",
    roster1,
    roster2With({ granters: grantersOf({ kemPk: stranger.kemPk }) }),
  ),
  rosterCase("the audit key has small order", roster1, roster2With({ auditKey: smallOrder })),
  rosterCase(
    "a granter's key has small order",
    roster1,
    roster2With({ granters: grantersOf({ signPk: smallOrder, clientId: smallOrderId }) }),
  ),
]

const manifestCase = (name: string, check: string, ...all: Manifest[]): LoadCase => ({
  name: `manifest: ${name}`,
  check,
  changes: [manifests(...all), noFloors],
})
const next = (changes: Partial<ManifestFields>, signer = by(second)) => world.manifest(manifest1, signer, changes)
const members = [world.member(admin), world.member(ci)]
const epochs = [world.epochEntry(3)]
const after2 = (changes: Partial<ManifestFields>) => world.manifest(manifest2, by(second), changes)
const otherEpoch = (epoch: number, changes: object) => ({ ...world.epochEntry(epoch), ...changes })
const gone = world.manifest(manifest2, by(second), { state: "destroyed", epochs: [] })
const otherKeyset = fixedKeysetId("staging")

const linkCases: LoadCase[] = [
  manifestCase("none is served", "manifest"),
  manifestCase("the order is reversed", "manifest", manifest2, manifest1),
  manifestCase("a revision is left out", "manifest", manifest1, next({ revision: 3 })),
  manifestCase("no previous hash, served alone", "manifest", next({ previousHash: undefined })),
  manifestCase(
    "revision 1 with a previous hash",
    "manifest",
    world.manifest(undefined, by(admin), { previousHash: fixed("x") }),
  ),
  manifestCase("another previous hash", "manifest", manifest1, next({ previousHash: fixed("x") })),
  manifestCase("another workspace", "manifest", next({ workspaceId: otherWorkspace })),
  manifestCase("another key set follows", "manifest", manifest1, next({ keysetId: otherKeyset })),
  manifestCase("the name changes", "manifest", manifest1, next({ name: "staging" })),
  manifestCase("the kind changes", "manifest", manifest1, next({ kind: "tenant" })),
  manifestCase(
    "the incarnation goes back",
    "manifest",
    after2({ incarnation: 2 }),
    world.manifest(after2({ incarnation: 2 }), by(second), { incarnation: 1 }),
  ),
  manifestCase(
    "the version floor goes back",
    "manifest",
    after2({ versionFloor: 5 }),
    world.manifest(after2({ versionFloor: 5 }), by(second), { versionFloor: 4 }),
  ),
  manifestCase(
    "the roster's seq goes back",
    "manifest",
    manifest1,
    next({ rosterSeq: 1, rosterHash: rosterFormat.hash(roster1) }),
  ),
  manifestCase(
    "a commitment changes",
    "manifest",
    manifest1,
    next({ epochs: [otherEpoch(1, { clientHalfCommitment: fixed("x") })] }),
  ),
  manifestCase(
    "a recovery hash changes",
    "manifest",
    manifest1,
    next({ epochs: [otherEpoch(1, { recoveryHash: fixed("x") })] }),
  ),
  manifestCase(
    "an epoch comes back",
    "manifest",
    manifest2,
    after2({ epochs: [world.epochEntry(2), world.epochEntry(3)] }),
  ),
  manifestCase("the newest epoch goes back", "manifest", manifest2, after2({ epochs: [world.epochEntry(1)] })),
  manifestCase("no live epoch", "manifest", next({ epochs: [] })),
  manifestCase(
    "epochs after there were none",
    "manifest",
    gone,
    world.manifest(gone, by(second), { state: "enabled", epochs }),
  ),
]

const roster3 = world.roster(roster2, by(admin), { granters: [admin.asGranter] })
const without = (document: Manifest, changes: Partial<Manifest>): Manifest => ({ ...document, ...changes })

const signerCases: LoadCase[] = [
  manifestCase("a stranger signs", "signer", next({ members }, by(stranger))),
  manifestCase("a member who is no granter signs", "signer", next({ members }, by(ci))),
  {
    ...manifestCase("a granter signed who was removed since", "signer", manifest1, manifest2),
    changes: [rosters(roster1, roster2, roster3), noFloors],
  },
  { ...manifestCase("the roster that lists its signer is hidden", "signer"), changes: [rosters(roster1), noFloors] },
  manifestCase(
    "a stranger signs in the name of a granter",
    "signature",
    next({ signerId: second.clientId }, by(stranger)),
  ),
  manifestCase(
    "the signature is changed",
    "signature",
    manifest1,
    without(manifest2, { signature: turned(manifest2.signature, 63, 0x40) }),
  ),
  manifestCase("a member is added", "signature", without(manifest2, { members: [world.member(stranger)] })),
  manifestCase("a mode is changed", "signature", without(manifest2, { members })),
  manifestCase("the newest roster it names is hidden", "roster", next({ rosterSeq: 3 })),
  manifestCase("it names another roster of the same seq", "roster", next({ rosterHash: fixed("x") })),
  {
    name: "manifest: signed by the root",
    changes: [manifests(manifest1, next({ members, epochs: manifest2.epochs }, byRoot))],
  },
  { name: "manifest: the newest alone, to a client without memory", changes: [manifests(manifest2), noFloors] },
]

const floor = (changes: object) =>
  at("floors", "keyset").to({ incarnation: 1, revision: 1, hash: hex(manifestFormat.hash(manifest1)), ...changes })
const stale = (name: string, ...changes: Change[]): LoadCase => ({
  name: `freshness: ${name}`,
  check: "freshness",
  changes,
})
const restored = world.manifest(undefined, by(admin), {
  incarnation: 2,
  versionFloor: 9,
  members,
  epochs: manifest2.epochs,
})
const known = (name: string, keysetId: KeysetId) => at("expected").to({ name, keysetId })

const freshnessCases: LoadCase[] = [
  { name: "asked for another name", check: "name", changes: [known("staging", world.keysetId)] },
  { name: "asked for another key set", check: "key set", changes: [known("production", otherKeyset)] },
  stale("the roster seen before is hidden", at("floors", "roster").to({ seq: 3, hash: hex(fixed("x")) })),
  stale("another roster of the seq seen before", at("floors", "roster").to({ seq: 2, hash: hex(fixed("x")) })),
  stale("an older manifest", floor({ revision: 3 })),
  stale("another manifest of the revision seen before", floor({ hash: hex(fixed("x")) })),
  stale("the revision seen before is left out", manifests(manifest2)),
  stale("an older incarnation", floor({ incarnation: 2 })),
  stale("below the revision that a file pins", at("floors", "minimumRevision").to(3)),
  {
    name: "freshness: a newer incarnation starts afresh",
    changes: [manifests(restored), at("floors", "minimumRevision").to(1)],
  },
  {
    name: "freshness: a newer incarnation whose versionFloor is the highest version seen",
    changes: [manifests(restored), at("floors", "minimumRevision").to(1), floor({ version: 9 })],
  },
  stale(
    "a newer incarnation that gives a version again which was seen",
    manifests(restored),
    at("floors", "minimumRevision").to(1),
    floor({ version: 10 }),
  ),
]

export const documentCases = (): LoadCase[] => [
  ...rootCases,
  ...rosterCases,
  ...linkCases,
  ...signerCases,
  ...freshnessCases,
]
