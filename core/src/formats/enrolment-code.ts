/** The code that a person compares on two screens before a device is let in (S9). */
import { scrypt } from "../primitives/scrypt.ts"
import { type ClientId, uuidBytes, type WorkspaceId } from "./ids.ts"
import { pae } from "./pae.ts"

/** Bytes of a device's nonce. */
export const enrolmentNonceLength = 32

/** Each try of a server that looks for a key of its own with the same code takes 32 MiB and some 80 ms (ADR 17). */
const cost = { N: 32_768, r: 8, p: 1 }

/** Crockford's: without I, L, O and U. */
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
const codeCharacters = 10

/**
 * `XXXXX-XXXXX`: the first 50 bits of `scrypt(pae("enrol", workspaceId, clientId, nonce))`. Computed on each machine from
 * what that machine knows; it never travels. Blocks the thread for about 80 ms.
 */
export function enrolmentCode(workspaceId: WorkspaceId, clientId: ClientId, nonce: Uint8Array): string {
  if (nonce.length !== enrolmentNonceLength) throw new RangeError("the nonce of an enrolment has 32 bytes")
  const hash = scrypt(pae("enrol", workspaceId, uuidBytes(clientId), nonce), new Uint8Array(0), cost, 7)
  let text = ""
  for (let character = 0; character < codeCharacters; character++) text += alphabet[fiveBits(hash, character * 5)]
  return `${text.slice(0, 5)}-${text.slice(5)}`
}

function fiveBits(bytes: Uint8Array, from: number): number {
  const pair = ((bytes[from >> 3] ?? 0) << 8) | (bytes[(from >> 3) + 1] ?? 0)
  return (pair >> (11 - (from & 7))) & 31
}

/**
 * A code as somebody typed it, in the form that `enrolmentCode` gives: small letters, blanks or a missing hyphen do not
 * matter, and O, I and L are read as the digits that they look like. `undefined` for what is no code.
 */
export function normalizedEnrolmentCode(typed: string): string | undefined {
  const text = typed.toUpperCase().replaceAll(/[\s-]/g, "").replaceAll("O", "0").replaceAll(/[IL]/g, "1")
  if (text.length !== codeCharacters || [...text].some((character) => !alphabet.includes(character))) return undefined
  return `${text.slice(0, 5)}-${text.slice(5)}`
}
