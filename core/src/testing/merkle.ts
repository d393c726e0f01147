/** RFC 6962 as its text defines it, and the known answers of Certificate Transparency: what the quick forms must agree with. */
import { createHash } from "node:crypto"

/** Leaves of the reference tree of Certificate Transparency, in hexadecimal. */
export const ctLeaves = [
  "",
  "00",
  "10",
  "2021",
  "3031",
  "40414243",
  "5051525354555657",
  "606162636465666768696a6b6c6d6e6f",
]

/** Its roots for 1 to 8 leaves. */
export const ctRoots = [
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

const hash = (...parts: readonly Uint8Array[]) => {
  const all = createHash("sha256")
  for (const part of parts) all.update(part)
  return new Uint8Array(all.digest())
}

/** Made-up leaf hashes, the same ones each time. */
export const leavesOf = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, index) => hash(Uint8Array.of(0), Buffer.from(`entry ${index}`)))

const splitOf = (size: number): number => 2 ** (Math.ceil(Math.log2(size)) - 1)

/** `MTH` of section 2.1, of leaf hashes. */
export function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length < 2) return leaves[0] ?? hash()
  const k = splitOf(leaves.length)
  return hash(Uint8Array.of(1), naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)))
}

/** `PATH(m, D[n])` of section 2.1.1. */
export function naivePath(m: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length === 1) return []
  const k = splitOf(leaves.length)
  return m < k
    ? [...naivePath(m, leaves.slice(0, k)), naiveRoot(leaves.slice(k))]
    : [...naivePath(m - k, leaves.slice(k)), naiveRoot(leaves.slice(0, k))]
}

/** `SUBPROOF(m, D[n], b)` of section 2.1.2; `PROOF(m, D[n])` without `b`. */
export function naiveProof(m: number, leaves: readonly Uint8Array[], b = true): Uint8Array[] {
  if (m === leaves.length) return b ? [] : [naiveRoot(leaves)]
  const k = splitOf(leaves.length)
  return m <= k
    ? [...naiveProof(m, leaves.slice(0, k), b), naiveRoot(leaves.slice(k))]
    : [...naiveProof(m - k, leaves.slice(k), false), naiveRoot(leaves.slice(0, k))]
}
