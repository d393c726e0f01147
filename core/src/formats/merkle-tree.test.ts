import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { test } from "node:test"
import fc from "fast-check"
import { fromHex, toHex, utf8 } from "../primitives/bytes.ts"
import { ctLeaves, ctRoots, leavesOf, naiveRoot } from "../testing/merkle.ts"
import { anyText, bytes, property } from "../testing/property.ts"
import {
  emptyTreeHash,
  GrowingTree,
  leafHash,
  leafHashOfText,
  leafOfText,
  nodeHash,
  splitPoint,
  treeRoot,
} from "./merkle-tree.ts"

const sha256 = (...parts: Uint8Array[]) => createHash("sha256").update(Buffer.concat(parts)).digest("hex")

test("roots are the known answers of Certificate Transparency", () => {
  assert.equal(toHex(emptyTreeHash), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  assert.equal(treeRoot([]), emptyTreeHash)
  const leaves = ctLeaves.map((hex) => leafHash(fromHex(hex) as Uint8Array))
  for (const [index, root] of ctRoots.entries()) assert.equal(toHex(treeRoot(leaves.slice(0, index + 1))), root)
})

property("leaves and nodes are hashes of one prefix each", fc.tuple(bytes(0, 100), bytes(32), bytes(32)), (parts) => {
  const [leaf, left, right] = parts
  assert.equal(toHex(leafHash(leaf)), sha256(Uint8Array.of(0), leaf))
  assert.equal(toHex(nodeHash(left, right)), sha256(Uint8Array.of(1), left, right))
  assert.equal(toHex(nodeHash(nodeHash(left, right), right)), sha256(Uint8Array.of(1), nodeHash(left, right), right))
})

property("the leaf of a text is its bytes and their leaf hash", anyText, (text) => {
  const whole = text.toWellFormed()
  assert.deepEqual(leafHashOfText(whole), leafHash(utf8(whole)))
  assert.deepEqual(leafOfText(whole), { bytes: utf8(whole), leafHash: leafHash(utf8(whole)) })
})

test("a node is made of two whole hashes only", () => {
  assert.throws(() => nodeHash(new Uint8Array(31), new Uint8Array(33)), RangeError)
  assert.throws(() => nodeHash(new Uint8Array(32), new Uint8Array(31)), RangeError)
})

property("a tree that grows has the root of RFC 6962 at every size", fc.nat(300), (size) => {
  const leaves = leavesOf(size)
  const tree = new GrowingTree()
  for (const leaf of leaves) tree.append(leaf)
  assert.equal(tree.size, size)
  assert.deepEqual(tree.root(), naiveRoot(leaves))
})

property("a tree goes on from its size and peaks", fc.tuple(fc.nat(200), fc.nat(200)), ([first, second]) => {
  const leaves = leavesOf(first + second)
  const tree = new GrowingTree()
  for (const leaf of leaves.slice(0, first)) tree.append(leaf)
  const resumed = new GrowingTree(tree.size, tree.peaks)
  for (const leaf of leaves.slice(first)) resumed.append(leaf)
  assert.deepEqual(resumed.root(), naiveRoot(leaves))
})

test("peaks that do not fit the size are refused, and so are sizes that are none", () => {
  const hash = new Uint8Array(32)
  for (const size of [-1, 0.5, 2 ** 53, 1]) assert.throws(() => new GrowingTree(size, []), RangeError)
  assert.throws(() => new GrowingTree(4, [hash, hash]), RangeError)
  assert.equal(new GrowingTree(2 ** 53 - 1, Array(53).fill(hash)).peaks.length, 53)
})

test("every perfect subtree is told when its last leaf comes, once", () => {
  const leaves = leavesOf(21)
  const told = new Map<string, Uint8Array>()
  const tree = new GrowingTree()
  for (const [index, leaf] of leaves.entries()) {
    tree.append(leaf, (level, at, hash) => {
      assert.equal((at + 1) * 2 ** level, index + 1)
      assert.ok(!told.has(`${level}/${at}`))
      told.set(`${level}/${at}`, hash)
    })
  }
  assert.equal(told.size, 21 + 10 + 5 + 2 + 1)
  for (const [name, hash] of told) {
    const [level = 0, at = 0] = name.split("/").map(Number)
    assert.deepEqual(hash, naiveRoot(leaves.slice(at * 2 ** level, (at + 1) * 2 ** level)))
  }
})

test("a tree splits at the largest power of two below its size", () => {
  const answers = [2, 1, 3, 2, 4, 2, 5, 4, 8, 4, 9, 8, 2 ** 53 - 1, 2 ** 52]
  for (let at = 0; at < answers.length; at += 2) assert.equal(splitPoint(answers[at] as number), answers[at + 1])
})
