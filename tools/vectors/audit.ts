/** Vectors of the audit log's tree and heads (S12): RFC 6962 roots and proofs, C2SP checkpoints. */
import { auditOrigin, signCheckpoint } from "@halfkey/core/formats/checkpoint"
import { consistencyProof, inclusionProof, type NodeSource } from "@halfkey/core/formats/merkle-proof"
import { emptyTreeHash, GrowingTree, leafHash, treeRoot } from "@halfkey/core/formats/merkle-tree"
import { noteKeyId } from "@halfkey/core/formats/signed-note"
import { signingKeyFromSeed } from "@halfkey/core/primitives/ed25519"
import { fixed, fixedRoot, hex } from "./fixed.ts"

const sizes = [1, 2, 3, 4, 5, 6, 7, 8, 11, 16, 21]

export function merkleTreeVectors() {
  const entries = Array.from({ length: 21 }, (_, index) => fixed(`audit leaf ${index}`, index * 3))
  const leaves = entries.map(leafHash)
  const nodes = new Map<string, Uint8Array>()
  const tree = new GrowingTree()
  for (const leaf of leaves) tree.append(leaf, (level, index, hash) => nodes.set(`${level}/${index}`, hash))
  const source: NodeSource = (level, index) => nodes.get(`${level}/${index}`) as Uint8Array
  const root = (size: number) => hex(treeRoot(leaves.slice(0, size)))
  const some = (count: number) => [...new Set([0, 1, Math.floor(count / 2), count - 1])].filter((each) => each < count)
  return {
    description: "The Merkle tree of RFC 6962 (S12): leaf hashes, roots, inclusion and consistency proofs.",
    entries: entries.map((entry, index) => ({ entry: hex(entry), leafHash: hex(leaves[index] as Uint8Array) })),
    emptyRoot: hex(emptyTreeHash),
    roots: sizes.map((size) => ({ size, root: root(size) })),
    inclusion: sizes.flatMap((size) =>
      some(size).map((index) => ({ index, size, proof: inclusionProof(index, size, source).map(hex) })),
    ),
    consistency: sizes.flatMap((to) =>
      some(to).map((index) => ({ from: index + 1, to, proof: consistencyProof(index + 1, to, source).map(hex) })),
    ),
  }
}

export async function checkpointVectors() {
  const key = signingKeyFromSeed(fixed("audit key"))
  const other = signingKeyFromSeed(fixed("another audit key"))
  const { workspaceId } = await fixedRoot("first")
  const rootHash = fixed("audit root")
  const origin = auditOrigin(workspaceId, 1)
  const cases = [
    { origin, size: 0, rootHash: emptyTreeHash },
    { origin, size: 1, rootHash },
    { origin: auditOrigin(workspaceId, 12), size: Number.MAX_SAFE_INTEGER, rootHash },
  ]
  const good = signCheckpoint({ origin, size: 7, rootHash }, key)
  const [text = "", line = ""] = good.split("\n\n")
  const witness = signCheckpoint({ origin: "witness.example/1", size: 7, rootHash }, other).split("\n\n")[1] ?? ""
  const byOther = signCheckpoint({ origin, size: 7, rootHash }, other)
  return {
    description: "Checkpoints (S12): C2SP signed notes of three lines, signed under the name of their origin.",
    auditKey: hex(key.publicKey),
    cases: cases.map((checkpoint) => ({
      ...checkpoint,
      rootHash: hex(checkpoint.rootHash),
      keyId: hex(noteKeyId(checkpoint.origin, key.publicKey)),
      note: signCheckpoint(checkpoint, key),
    })),
    accepted: [good, `${text}\n\n${witness}${line}`, `${text}\n\n${line}${witness}`],
    refused: [
      { why: "another key", refused: "signature", note: byOther },
      { why: "another size", refused: "signature", note: good.replace("\n7\n", "\n8\n") },
      {
        why: "another incarnation",
        refused: "signature",
        note: good.replaceAll(`${origin}`, auditOrigin(workspaceId, 2)),
      },
      { why: "only a witness", refused: "signature", note: `${text}\n\n${witness}` },
      { why: "a wrong signature beside the right one", refused: "signature", note: `${good}${wrongSignature(line)}` },
      { why: "an extension line", refused: "encoding", note: `${text}\nmore\n\n${line}` },
      { why: "a leading zero", refused: "encoding", note: good.replace("\n7\n", "\n07\n") },
      { why: "a size above 2^53 - 1", refused: "encoding", note: good.replace("\n7\n", "\n9007199254740992\n") },
      { why: "a size that is none", refused: "encoding", note: good.replace("\n7\n", "\n-7\n") },
      { why: "an empty tree with a root of its own", refused: "encoding", note: good.replace("\n7\n", "\n0\n") },
      { why: "no signature", refused: "encoding", note: `${text}\n\n` },
      { why: "a hyphen for the em dash", refused: "encoding", note: good.replace("—", "-") },
      { why: "carriage returns", refused: "encoding", note: good.replaceAll("\n", "\r\n") },
      { why: "no padding", refused: "encoding", note: good.replaceAll("=", "") },
      { why: "no newline at the end", refused: "encoding", note: good.trimEnd() },
    ],
  }
}

/** The signature line with a bit of the signature turned; key name and key id stay. */
function wrongSignature(line: string): string {
  const [dash, name, base64 = ""] = line.trimEnd().split(" ")
  const bytes = Buffer.from(base64, "base64")
  bytes[10] = (bytes[10] ?? 0) ^ 1
  return `${dash} ${name} ${bytes.toString("base64")}\n`
}
