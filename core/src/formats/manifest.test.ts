// Each link's refusals are in spec/vectors/load-keyset.json; here is the function's own answer, and what holds for all.
import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { property } from "../testing/property.ts"
import { TestWorkspace } from "../testing/workspace.ts"
import type { KeysetId, WorkspaceId } from "./ids.ts"
import {
  clientHalfCommitment,
  currentEpoch,
  type Manifest,
  type ManifestFields,
  manifestFormat,
  manifestLinkProblem,
  manifestProblem,
} from "./manifest.ts"

const workspace = await TestWorkspace.create()
const { manifest } = await workspace.keyset()
const { workspaceId, keysetId } = manifest

function next(changes: Partial<ManifestFields> = {}, previous: Manifest = manifest): Manifest {
  const { signature: _, ...fields } = previous
  const previousHash = manifestFormat.hash(previous)
  const { signingKey } = workspace.admin.signer
  return manifestFormat.sign({ ...fields, revision: previous.revision + 1, previousHash, ...changes }, signingKey)
}

const problem = (changes: Partial<ManifestFields>, previous = manifest) =>
  manifestLinkProblem(workspaceId, keysetId, previous, next(changes, previous))

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
const sortedEpochs = fc
  .uniqueArray(fc.integer({ min: 1, max: 0xffff_ffff }), { minLength: 1, maxLength: 5 })
  .map((epochs) => epochs.sort((left, right) => left - right))
const fields = fc.record({
  kind: fc.constantFrom("environment", "tenant"),
  state: fc.constantFrom("enabled", "disabled", "destroyed"),
  name: fc.stringMatching(/^[a-z][a-z0-9._-]{0,62}$/),
  revision: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  previousHash: fc.option(bytes32, { nil: undefined }),
  incarnation: fc.integer({ min: 1 }),
  versionFloor: fc.maxSafeNat(),
  epochs: sortedEpochs.chain((all) =>
    fc.tuple(
      ...all.map((epoch) =>
        fc.record({ epoch: fc.constant(epoch), clientHalfCommitment: bytes32, recoveryHash: bytes32 }),
      ),
    ),
  ),
  createdAt: fc.integer({ min: 0, max: 253_402_300_799_999 }),
  rosterHash: bytes32,
}) as fc.Arbitrary<Partial<ManifestFields>>

property(
  "a manifest is read back from its JSON, with the same hash",
  fields,
  (changes) => {
    const document = next(changes)
    const read = manifestFormat.parse(JSON.parse(JSON.stringify(manifestFormat.toJson(document))))
    assert.deepEqual(read, document)
    assert.deepEqual(manifestFormat.hash(read), manifestFormat.hash(document))
    assert.ok(manifestFormat.isSignedBy(read, workspace.admin.signPk))
  },
  100,
)

test("a successor that changes what may change is a good link", () => {
  assert.equal(manifestLinkProblem(workspaceId, keysetId, undefined, manifest), undefined)
  const members = [{ ...workspace.admin.asMember("read"), label: "renamed" }]
  for (const changes of [
    {},
    { members: [] },
    { members },
    { state: "disabled" },
    { versionFloor: 7, incarnation: 2 },
  ] as const) {
    assert.equal(problem(changes), undefined)
  }
})

test("a link that does not fit says what is wrong with it", () => {
  const [epoch] = manifest.epochs
  const entry = (number: number, changes = {}) => ({
    ...(epoch as NonNullable<typeof epoch>),
    epoch: number,
    ...changes,
  })
  const cases = [
    [{ revision: 3 }, /its revision is 3, expected 2/],
    [{ previousHash: new Uint8Array(32) }, /previousHash/],
    [{ name: "other" }, /name changed/],
    [{ kind: "tenant" }, /kind changed/],
    [{ epochs: [] }, /no live epoch/],
    [{ epochs: [entry(1, { clientHalfCommitment: new Uint8Array(32) })] }, /commitment of epoch 1 changed/],
    [{ epochs: [entry(1, { recoveryHash: new Uint8Array(32) })] }, /recovery grant of epoch 1 changed/],
  ] as const
  for (const [changes, expected] of cases) assert.match(problem(changes as Partial<ManifestFields>) ?? "", expected)
  const third = next({ epochs: [entry(3)], incarnation: 2, versionFloor: 2, rosterSeq: 2 })
  assert.match(problem({ epochs: [entry(2), entry(3)] }, third) ?? "", /epoch 2 came back/)
  assert.match(problem({ epochs: [entry(1)] }, third) ?? "", /newest epoch went back/)
  assert.match(problem({ epochs: [entry(1)], state: "destroyed" }, third) ?? "", /newest epoch went back/)
  assert.match(problem({ incarnation: 1 }, third) ?? "", /incarnation went back/)
  assert.match(problem({ versionFloor: 1 }, third) ?? "", /versionFloor went back/)
  assert.match(problem({ rosterSeq: 1 }, third) ?? "", /rosterSeq went back/)
})

test("a manifest without epochs is final: no number comes back with another half", () => {
  const gone = next({ state: "destroyed", epochs: [] })
  assert.equal(problem({}, gone), undefined)
  assert.match(problem({ epochs: manifest.epochs, state: "enabled" }, gone) ?? "", /gone for good/)
  assert.equal(currentEpoch(gone), undefined)
})

test("a manifest alone must fit its workspace, its key set and the start of its chain", () => {
  const other = "A".repeat(26) as WorkspaceId
  assert.match(manifestProblem(other, keysetId, manifest) ?? "", /another workspace/)
  assert.match(manifestProblem(workspaceId, "0".repeat(36) as KeysetId, manifest) ?? "", /another key set/)
  assert.match(manifestProblem(workspaceId, keysetId, next({ previousHash: undefined })) ?? "", /previousHash/)
  assert.equal(manifestProblem(workspaceId, keysetId, next()), undefined)
})

property(
  "a commitment is another one for every other half, epoch and key set",
  fc.tuple(bytes32, bytes32, bytes32),
  ([half, other, place]) => {
    const id = place.slice(0, 16)
    const commit = (epoch: number, keyset: Uint8Array, clientHalf: Uint8Array) =>
      Buffer.from(clientHalfCommitment(workspaceId, keyset, epoch, clientHalf)).toString("hex")
    const all = [commit(1, id, half), commit(2, id, half), commit(1, place.slice(16), half), commit(1, id, other)]
    assert.equal(new Set(all).size, 4)
  },
  50,
)
