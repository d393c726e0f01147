/**
 * RFC 6962 and the C2SP specifications signed-note and tlog-checkpoint once more, written from their texts alone and with
 * node:crypto only. What Halfkey's log must look like to somebody who does not trust Halfkey's code.
 */
import { createHash, createPublicKey, verify } from "node:crypto"

const hash = (...parts: readonly Uint8Array[]) => createHash("sha256").update(Buffer.concat(parts)).digest()

export const leafHash = (entry: Uint8Array | string): Buffer => hash(Buffer.of(0), Buffer.from(entry as Uint8Array))

const split = (size: number) => 2 ** (Math.ceil(Math.log2(size)) - 1)

/** RFC 6962, 2.1: MTH, of leaf hashes. */
export function treeHash(leaves: readonly Uint8Array[]): Buffer {
  if (leaves.length < 2) return Buffer.from(leaves[0] ?? hash())
  const k = split(leaves.length)
  return hash(Buffer.of(1), treeHash(leaves.slice(0, k)), treeHash(leaves.slice(k)))
}

/** RFC 6962, 2.1.1: PATH. */
export function path(m: number, leaves: readonly Uint8Array[]): Buffer[] {
  if (leaves.length === 1) return []
  const k = split(leaves.length)
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)]
  return m < k ? [...path(m, left), treeHash(right)] : [...path(m - k, right), treeHash(left)]
}

/** RFC 6962, 2.1.2: PROOF, and SUBPROOF with `whole`. */
export function proof(m: number, leaves: readonly Uint8Array[], whole = true): Buffer[] {
  if (m === leaves.length) return whole ? [] : [treeHash(leaves)]
  const k = split(leaves.length)
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)]
  return m <= k ? [...proof(m, left, whole), treeHash(right)] : [...proof(m - k, right, false), treeHash(left)]
}

export interface OpenedCheckpoint {
  readonly origin: string
  readonly size: bigint
  readonly root: Buffer
}

/** Opens a checkpoint with the key of its log, called as its origin. Throws an `Error` with the reason. */
export function openCheckpoint(note: string, publicKey: Uint8Array): OpenedCheckpoint {
  const end = note.lastIndexOf("\n\n")
  if (end < 0) throw new Error("encoding: no empty line")
  const text = note.slice(0, end + 1)
  const signatures = note.slice(end + 2)
  for (const character of note)
    if (character < " " && character !== "\n") throw new Error("encoding: a control character")
  if (!signatures.endsWith("\n")) throw new Error("encoding: no newline at the end")
  const [origin = "", size = "", root = "", ...rest] = text.split("\n")
  if (origin === "" || rest.length !== 1 || rest[0] !== "") throw new Error("encoding: not three lines")
  if (!/^(0|[1-9][0-9]*)$/.test(size)) throw new Error("encoding: size")
  // What the specification of Halfkey adds to that of C2SP: sizes that a JSON number holds.
  if (BigInt(size) > 2n ** 53n - 1n) throw new Error("encoding: size")
  const rootBytes = standardBase64(root)
  if (rootBytes.length !== 32) throw new Error("encoding: root")
  if (size === "0" && !rootBytes.equals(hash())) throw new Error("encoding: root of an empty tree")
  const keyId = hash(Buffer.from(`${origin}\n`), Buffer.of(1), publicKey).subarray(0, 4)
  let verified = false
  for (const line of signatures.slice(0, -1).split("\n")) {
    const [, name, base64 = ""] = /^— ([^\s+]+) (\S+)$/u.exec(line) ?? []
    if (name === undefined) throw new Error("encoding: a signature line")
    const bytes = standardBase64(base64)
    if (name !== origin || !bytes.subarray(0, 4).equals(keyId)) continue
    if (!ed25519(publicKey, Buffer.from(text), bytes.subarray(4))) throw new Error("signature: wrong")
    verified = true
  }
  if (!verified) throw new Error("signature: none of this key")
  return { origin, size: BigInt(size), root: rootBytes }
}

function standardBase64(text: string): Buffer {
  const bytes = Buffer.from(text, "base64")
  if (bytes.toString("base64") !== text) throw new Error("encoding: base64")
  return bytes
}

function ed25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), publicKey])
  return verify(null, message, createPublicKey({ key: der, format: "der", type: "spki" }), signature)
}
