import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { fromHex, toHex } from "../primitives/bytes.ts"
import { ctLeaves, ctRoots, leavesOf, naivePath, naiveProof, naiveRoot } from "../testing/merkle.ts"
import { property, withBitTurned } from "../testing/property.ts"
import {
  consistencyProof,
  inclusionProof,
  isConsistent,
  isIncluded,
  type NodeSource,
  proofMaxLength,
} from "./merkle-proof.ts"
import { GrowingTree, leafHash, nodeHash, treeRoot } from "./merkle-tree.ts"

/** Perfect subtrees only, as a store has them: anything else that a proof asks for is a fault. */
function nodesOf(leaves: readonly Uint8Array[]): NodeSource {
  const nodes = new Map<string, Uint8Array>()
  const tree = new GrowingTree()
  for (const leaf of leaves) tree.append(leaf, (level, index, hash) => nodes.set(`${level}/${index}`, hash))
  return (level, index) => {
    const hash = nodes.get(`${level}/${index}`)
    assert.ok(hash, `node ${level}/${index}`)
    return hash
  }
}

const unhex = (text: string) => fromHex(text) as Uint8Array

test("proofs are the known answers of Certificate Transparency", () => {
  const leaves = ctLeaves.map((hex) => leafHash(unhex(hex)))
  const nodes = nodesOf(leaves)
  const inclusion = {
    "0 of 1": [],
    "0 of 8": [
      "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    "5 of 8": [
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    "2 of 3": ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
  }
  for (const [name, hashes] of Object.entries(inclusion)) {
    const [index = 0, size = 0] = name.split(" of ").map(Number)
    assert.deepEqual(inclusionProof(index, size, nodes).map(toHex), hashes, name)
    const [leaf, root] = [leaves[index] as Uint8Array, unhex(ctRoots[size - 1] as string)]
    assert.ok(isIncluded(leaf, index, size, hashes.map(unhex), root))
  }
  const consistency = {
    "1 to 1": [],
    "1 to 8": inclusion["0 of 8"],
    "6 to 8": [
      "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    "2 to 5": [
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
  }
  for (const [name, hashes] of Object.entries(consistency)) {
    const [from = 0, to = 0] = name.split(" to ").map(Number)
    assert.deepEqual(consistencyProof(from, to, nodes).map(toHex), hashes, name)
    const [fromRoot, toRoot] = [unhex(ctRoots[from - 1] as string), unhex(ctRoots[to - 1] as string)]
    assert.ok(isConsistent(from, to, fromRoot, toRoot, hashes.map(unhex)))
  }
})

test("every inclusion proof of every tree up to 40 leaves is that of RFC 6962, and proves one place only", () => {
  const leaves = leavesOf(40)
  const nodes = nodesOf(leaves)
  for (let size = 1; size <= leaves.length; size++) {
    const some = leaves.slice(0, size)
    const root = naiveRoot(some)
    for (const [index, leaf] of some.entries()) {
      const proof = inclusionProof(index, size, nodes)
      assert.deepEqual(proof, naivePath(index, some))
      for (let at = 0; at < size; at++) assert.equal(isIncluded(leaf, at, size, proof, root), at === index)
    }
  }
})

test("every consistency proof of every two trees up to 40 leaves is that of RFC 6962, and proves these two only", () => {
  const leaves = leavesOf(40)
  const nodes = nodesOf(leaves)
  const roots = [treeRoot([]), ...leaves.map((_, index) => naiveRoot(leaves.slice(0, index + 1)))]
  for (let to = 1; to <= leaves.length; to++) {
    for (let from = 1; from <= to; from++) {
      const proof = consistencyProof(from, to, nodes)
      assert.deepEqual(proof, naiveProof(from, leaves.slice(0, to)))
      for (const [other, root] of roots.entries()) {
        assert.equal(isConsistent(from, to, root, roots[to] as Uint8Array, proof), other === from)
      }
    }
    assert.ok(isConsistent(0, to, roots[0] as Uint8Array, roots[to] as Uint8Array, []))
    assert.ok(!isConsistent(0, to, roots[1] as Uint8Array, roots[to] as Uint8Array, []))
  }
})

const twoSizes = fc.tuple(fc.integer({ min: 1, max: 200 }), fc.nat(199))

property("a changed, missing or additional hash of a proof is refused", fc.tuple(twoSizes, fc.nat()), (input) => {
  const [[size, at], random] = input
  const leaves = leavesOf(size)
  const index = at % size
  const root = naiveRoot(leaves)
  const nodes = nodesOf(leaves)
  const from = index + 1
  const check = {
    inclusion: (proof: Uint8Array[]) => isIncluded(leaves[index] as Uint8Array, index, size, proof, root),
    consistency: (proof: Uint8Array[]) => isConsistent(from, size, naiveRoot(leaves.slice(0, from)), root, proof),
  }
  const proofs = { inclusion: inclusionProof(index, size, nodes), consistency: consistencyProof(from, size, nodes) }
  for (const [kind, proof] of Object.entries(proofs) as [keyof typeof check, Uint8Array[]][]) {
    assert.ok(proof.length <= 2 * Math.ceil(Math.log2(size + 1)))
    assert.ok(check[kind](proof))
    assert.ok(!check[kind]([...proof, root]))
    assert.ok(!check[kind]([root, ...proof]))
    if (proof.length === 0) continue
    const place = random % proof.length
    const turned = withBitTurned(proof[place] as Uint8Array, random % 256)
    assert.ok(!check[kind](proof.toSpliced(place, 1, turned)))
    assert.ok(!check[kind](proof.toSpliced(place, 1)))
    assert.ok(!check[kind](proof.toSpliced(place, 1, (proof[place] as Uint8Array).slice(1))))
  }
})

test("the greatest trees have proofs that are no longer than the wire allows", () => {
  const size = Number.MAX_SAFE_INTEGER
  const same: NodeSource = () => new Uint8Array(32)
  assert.equal(inclusionProof(0, size, same).length, 53)
  assert.equal(inclusionProof(size - 1, size, same).length, 52)
  const longest = consistencyProof(2 ** 52 + 1, size, same)
  assert.ok(longest.length <= proofMaxLength && longest.length >= 53)
  const levels: number[] = []
  inclusionProof(2 ** 52 - 1, 2 ** 52, (level, index) => {
    levels.push(level)
    assert.ok(Number.isSafeInteger(level) && Number.isSafeInteger(index))
    return new Uint8Array(32)
  })
  assert.deepEqual(levels, [...Array(52).keys()].reverse())
})

test("leaves and sizes that are none are refused by who makes and who checks", () => {
  const same: NodeSource = () => new Uint8Array(32)
  const hash = new Uint8Array(32)
  for (const [index, size] of [
    [1, 1],
    [-1, 1],
    [0, 0],
    [0.5, 2],
    [0, 2 ** 53],
  ] as const) {
    assert.throws(() => inclusionProof(index, size, same), RangeError)
    assert.ok(!isIncluded(hash, index, size, [], hash))
  }
  for (const [from, to] of [
    [2, 1],
    [-1, 1],
    [0.5, 1],
    [1, 2 ** 53],
  ] as const) {
    assert.throws(() => consistencyProof(from, to, same), RangeError)
    assert.ok(!isConsistent(from, to, hash, hash, []))
  }
  assert.ok(!isConsistent(3, 4, hash, hash, []))
  assert.deepEqual(consistencyProof(0, 5, same), [])
  assert.ok(!isIncluded(hash.slice(1), 0, 1, [], hash.slice(1)))
  assert.notDeepEqual(nodeHash(hash, hash), hash)
})
