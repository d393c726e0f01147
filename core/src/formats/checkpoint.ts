/** Heads of the audit log (S12): C2SP checkpoints (c2sp.org/tlog-checkpoint), which are signed notes of three lines. */
import { fromBase64, toBase64 } from "../primitives/bytes.ts"
import { isStrictPublicKey, type SigningKey } from "../primitives/ed25519.ts"
import { equalBytes } from "../primitives/hash.ts"
import { malformed } from "./field-codecs.ts"
import { emptyTreeHash, treeHashLength } from "./merkle-tree.ts"
import { isNoteSignedBy, type Note, parseNote, signNote } from "./signed-note.ts"

export { auditOrigin, parseAuditOrigin } from "./audit-origin.ts"

/** What a checkpoint says of a log. */
export interface Checkpoint {
  /** Which log: `auditOrigin`. It is also the name of the key that signs. */
  readonly origin: string
  /** Number of entries. */
  readonly size: number
  /** Root of the tree of that size, 32 bytes. */
  readonly rootHash: Uint8Array
}

/** A checkpoint as it was read. Says nothing about its signature. */
export interface CheckpointNote extends Checkpoint {
  readonly note: Note
}

/** The signed note of a checkpoint. Throws `RangeError` for values that no reader would take. */
export function signCheckpoint({ origin, size, rootHash }: Checkpoint, key: SigningKey): string {
  const note = signNote(`${origin}\n${size}\n${toBase64(rootHash)}\n`, origin, key)
  const { origin: same } = parseCheckpoint(note)
  if (same !== origin) throw new RangeError("not the origin of a checkpoint")
  return note
}

/**
 * Reads a checkpoint strictly; extension lines, which C2SP allows and nobody can audit, are refused.
 * Throws `invalid_document`.
 */
export function parseCheckpoint(text: string): CheckpointNote {
  const note = parseNote(text)
  const [origin, digits, base64, end, ...more] = note.text.split("\n")
  const size = parseDecimal(digits ?? "")
  const rootHash = fromBase64(base64 ?? "")
  if (!origin || end !== "" || more.length > 0) throw malformed("checkpoint", "three lines: origin, size, root hash")
  if (size === undefined) throw malformed("checkpoint.size", "a decimal integer")
  if (rootHash?.length !== treeHashLength) throw malformed("checkpoint.rootHash", "32 bytes as base64")
  if (size === 0 && !equalBytes(rootHash, emptyTreeHash))
    throw malformed("checkpoint.rootHash", "that of an empty tree")
  return { origin, size, rootHash, note }
}

/** Whether this key (Ed25519, 32 bytes: the roster's `auditKey`) signed the checkpoint under the name of its origin. */
export function isCheckpointSignedBy({ origin, note }: CheckpointNote, auditKey: Uint8Array): boolean {
  return isNoteSignedBy(note, origin, auditKey)
}

/** Whether these bytes can be a key that signs checkpoints at all: Ed25519, 32 bytes, not of small order. */
export function isAuditKey(bytes: Uint8Array): boolean {
  return isStrictPublicKey(bytes)
}

/** A decimal integer up to 2^53 - 1 in its only spelling. */
function parseDecimal(digits: string): number | undefined {
  const value = /^(?:0|[1-9][0-9]{0,15})$/.test(digits) ? Number(digits) : Number.NaN
  return Number.isSafeInteger(value) ? value : undefined
}
