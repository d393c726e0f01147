/** Signed notes (c2sp.org/signed-note): text, an empty line, and a signature line for each key. Ed25519 only. */
import { concatBytes, fromBase64, toBase64, utf8 } from "../primitives/bytes.ts"
import { type SigningKey, verifyStrict } from "../primitives/ed25519.ts"
import { equalBytes, sha256 } from "../primitives/hash.ts"
import { malformed } from "./field-codecs.ts"

/** Most signatures of a note that is read; the specification asks for 16 at least. Others than ours are witnesses. */
const signaturesMax = 64
/** Most characters of a note that is read: enough for witnesses with post-quantum signatures. */
export const noteMaxLength = 512 * 1024

/** What Ed25519 signatures are called in a key id. */
const ed25519Type = 1
const keyIdLength = 4

export interface NoteSignature {
  readonly name: string
  /** 4 bytes. */
  readonly keyId: Uint8Array
  readonly signature: Uint8Array
}

/** A note whose form is right. Says nothing about its signatures. */
export interface Note {
  /** What is signed, with its last newline. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

/** Key id of an Ed25519 key: `H(name ‖ "\n" ‖ 0x01 ‖ publicKey)[0..4)`. */
export function noteKeyId(name: string, publicKey: Uint8Array): Uint8Array {
  return sha256(utf8(name), new Uint8Array([0x0a, ed25519Type]), publicKey).slice(0, keyIdLength)
}

/**
 * The note of `text`, signed once. Throws `RangeError` for a text that no reader would take, or a name with spaces or `+`.
 * `key.sign` may be any signer: its public key only names it.
 */
export function signNote(text: string, name: string, key: SigningKey): string {
  if (!isNoteText(text) || !isKeyName(name)) throw new RangeError("not the text or the key name of a note")
  const signature = concatBytes(noteKeyId(name, key.publicKey), key.sign(utf8(text)))
  return `${text}\n— ${name} ${toBase64(signature)}\n`
}

/** Reads a note strictly. Throws `invalid_document`. */
export function parseNote(note: string): Note {
  const end = note.lastIndexOf("\n\n")
  const text = note.slice(0, end + 1)
  const lines = note.slice(end + 2).split("\n")
  if (note.length > noteMaxLength || end < 0 || !isNoteText(text) || lines.pop() !== "") {
    throw malformed("note", "text, an empty line, and signature lines")
  }
  if (lines.length === 0 || lines.length > signaturesMax) throw malformed("note", `1 to ${signaturesMax} signatures`)
  return { text, signatures: lines.map(parseSignature) }
}

function parseSignature(line: string, index: number): NoteSignature {
  const [dash, name, base64, ...rest] = line.split(" ")
  const bytes = fromBase64(base64 ?? "")
  const isWhole = dash === "—" && rest.length === 0 && name !== undefined && isKeyName(name)
  if (!isWhole || bytes === undefined || bytes.length <= keyIdLength) {
    throw malformed(`note.signatures[${index}]`, "an em dash, a key name and a signature as base64")
  }
  return { name, keyId: bytes.slice(0, keyIdLength), signature: bytes.slice(keyIdLength) }
}

/**
 * Whether this key (Ed25519, 32 bytes) signed the note under this name. Signatures of other names and key ids are none of
 * its business; one of its own that is wrong makes the note bad, whatever else is there.
 */
export function isNoteSignedBy(note: Note, name: string, publicKey: Uint8Array): boolean {
  const keyId = noteKeyId(name, publicKey)
  const own = note.signatures.filter((each) => each.name === name && equalBytes(each.keyId, keyId))
  return own.length > 0 && own.every(({ signature }) => verifyStrict(publicKey, utf8(note.text), signature))
}

function isNoteText(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  return text.endsWith("\n") && text.isWellFormed() && !/[\0-\x09\x0b-\x1f]/.test(text)
}

function isKeyName(name: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  return name.isWellFormed() && /^[^\p{White_Space}\0-\x1f+]+$/u.test(name)
}
