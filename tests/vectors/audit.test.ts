import assert from "node:assert/strict"
import { test } from "node:test"
import { isCheckpointSignedBy, parseCheckpoint } from "@halfkey/core/formats/checkpoint"
import { isConsistent, isIncluded } from "@halfkey/core/formats/merkle-proof"
import * as tree from "@halfkey/core/formats/merkle-tree"
import { noteKeyId } from "@halfkey/core/formats/signed-note"
import * as log from "./audit-log.ts"
import { hex, unhex } from "./independent.ts"
import { vectors } from "./vector-file.ts"

interface TreeVectors {
  entries: { entry: string; leafHash: string }[]
  emptyRoot: string
  roots: { size: number; root: string }[]
  inclusion: { index: number; size: number; proof: string[] }[]
  consistency: { from: number; to: number; proof: string[] }[]
}

const file = vectors<TreeVectors>("merkle-tree.json")
const leaves = file.entries.map(({ leafHash }) => unhex(leafHash))
const rootOf = (size: number) => tree.treeRoot(leaves.slice(0, size))

test("leaves and roots are those of the vectors, also by the text of RFC 6962", () => {
  for (const { entry, leafHash } of file.entries) {
    assert.equal(hex(tree.leafHash(unhex(entry))), leafHash)
    assert.equal(hex(log.leafHash(unhex(entry))), leafHash)
  }
  assert.equal(hex(tree.treeRoot([])), file.emptyRoot)
  assert.equal(hex(log.treeHash([])), file.emptyRoot)
  for (const { size, root } of file.roots) {
    assert.equal(hex(rootOf(size)), root)
    assert.equal(hex(log.treeHash(leaves.slice(0, size))), root)
  }
})

test("proofs of the vectors are those of RFC 6962, and are accepted where they belong", () => {
  for (const { index, size, proof } of file.inclusion) {
    assert.deepEqual(log.path(index, leaves.slice(0, size)).map(hex), proof)
    const leaf = leaves[index] as Uint8Array
    assert.ok(isIncluded(leaf, index, size, proof.map(unhex), rootOf(size)))
    assert.ok(!isIncluded(leaf, index + 1, size, proof.map(unhex), rootOf(size)))
  }
  for (const { from, to, proof } of file.consistency) {
    assert.deepEqual(log.proof(from, leaves.slice(0, to)).map(hex), proof)
    assert.ok(isConsistent(from, to, rootOf(from), rootOf(to), proof.map(unhex)))
    assert.ok(!isConsistent(from, to, rootOf(from), tree.emptyTreeHash, proof.map(unhex)))
  }
  assert.ok(file.inclusion.length > 30 && file.consistency.length > 30)
})

interface CheckpointVectors {
  auditKey: string
  cases: { origin: string; size: number; rootHash: string; keyId: string; note: string }[]
  accepted: string[]
  refused: { why: string; refused: "encoding" | "signature"; note: string }[]
}

test("checkpoints are those of the vectors, also by the texts of C2SP", () => {
  const { auditKey, cases, accepted } = vectors<CheckpointVectors>("checkpoint.json")
  const key = unhex(auditKey)
  for (const { origin, size, rootHash, keyId, note } of cases) {
    const checkpoint = parseCheckpoint(note)
    assert.deepEqual([checkpoint.origin, checkpoint.size, hex(checkpoint.rootHash)], [origin, size, rootHash])
    assert.equal(hex(noteKeyId(origin, key)), keyId)
    assert.deepEqual(log.openCheckpoint(note, key), { origin, size: BigInt(size), root: Buffer.from(rootHash, "hex") })
  }
  for (const note of [...accepted, ...cases.map(({ note }) => note)]) {
    assert.ok(isCheckpointSignedBy(parseCheckpoint(note), key))
    assert.ok(log.openCheckpoint(note, key))
  }
})

test("checkpoints that the vectors refuse are refused, also by the texts of C2SP", () => {
  const { auditKey, refused } = vectors<CheckpointVectors>("checkpoint.json")
  const key = unhex(auditKey)
  for (const { why, refused: reason, note } of refused) {
    if (reason === "encoding") assert.throws(() => parseCheckpoint(note), { code: "invalid_document" }, why)
    else assert.ok(!isCheckpointSignedBy(parseCheckpoint(note), key), why)
    assert.throws(
      () => log.openCheckpoint(note, key),
      why === "an extension line" ? /three lines/ : new RegExp(reason),
      why,
    )
  }
})
