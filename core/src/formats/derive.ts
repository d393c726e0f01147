/** The one key derivation from a seed (S2). */
import { hkdf } from "../primitives/hash.ts"
import { pae } from "./pae.ts"

/** Every label that `derive` is used with (S3). */
export type DerivationLabel =
  | "workspace/sign"
  | "workspace/kem"
  | "client/sign"
  | "client/kem"
  | "client/self-wrap"
  | "client/cache"

/** `derive(seed, label, n) = HKDF(salt = "", ikm = seed, info = pae(label), n)` (S2). */
export function derive(seed: Uint8Array, label: DerivationLabel, length: number): Uint8Array {
  return hkdf(new Uint8Array(0), seed, pae(label), length)
}
