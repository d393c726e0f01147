/** The known answers of the X-Wing draft, made as the draft makes them: from the stream SHAKE-128(""). */
import { createHash } from "node:crypto"
import { encapsulate, kemPublicKey } from "../../tests/vectors/independent.ts"
import { hex } from "./fixed.ts"

const cases = 3
const bytesPerCase = 32 + 64

export function xWingVectors() {
  const stream = new Uint8Array(createHash("shake128", { outputLength: cases * bytesPerCase }).digest())
  return {
    description: "X-Wing: public key of a seed, and encapsulation with 64 bytes of randomness.",
    source:
      "draft-connolly-cfrg-xwing-kem (08 and later), appendix with test vectors: seed and eseed are read from SHAKE-128 of the empty string; the answers equal the draft's.",
    cases: Array.from({ length: cases }, (_, index) => {
      const seed = stream.slice(index * bytesPerCase, index * bytesPerCase + 32)
      const eseed = stream.slice(index * bytesPerCase + 32, (index + 1) * bytesPerCase)
      const pk = kemPublicKey(seed)
      const { cipherText, sharedSecret } = encapsulate(pk, eseed)
      return { seed: hex(seed), eseed: hex(eseed), pk: hex(pk), ct: hex(cipherText), ss: hex(sharedSecret) }
    }),
  }
}
