/** The known answers of the X-Wing draft, made as the draft makes them: from the stream SHAKE-128(""). */
import { createHash } from "node:crypto"
import { encapsulate, kemPublicKey } from "../../tests/vectors/independent.ts"
import { hex } from "./fixed.ts"

const cases = 3
const bytesPerCase = 32 + 64

/** 0, 1, and a point of order 8. */
const smallOrder = [
  "0".repeat(64),
  `01${"0".repeat(62)}`,
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
]

const hexDigit = (digits: string, at: number) => digits.charAt(at)

export function xWingVectors() {
  const stream = new Uint8Array(createHash("shake128", { outputLength: cases * bytesPerCase }).digest())
  const known = Array.from({ length: cases }, (_, index) => {
    const seed = stream.slice(index * bytesPerCase, index * bytesPerCase + 32)
    const eseed = stream.slice(index * bytesPerCase + 32, (index + 1) * bytesPerCase)
    const pk = kemPublicKey(seed)
    const { cipherText, sharedSecret } = encapsulate(pk, eseed)
    return { seed: hex(seed), eseed: hex(eseed), pk: hex(pk), ct: hex(cipherText), ss: hex(sharedSecret) }
  })
  const [{ pk, ct }] = known as [(typeof known)[number]]
  return {
    description: "X-Wing: public key of a seed, and encapsulation with 64 bytes of randomness.",
    source:
      "draft-connolly-cfrg-xwing-kem (08 and later), appendix with test vectors: seed and eseed are read from SHAKE-128 of the empty string; the answers equal the draft's.",
    cases: known,
    refused: {
      // The first two bytes hold the first coefficient, in 12 bits: 3,329 and 4,095 spell 0 and 766 once more.
      publicKeys: [
        { why: "a coefficient of 3,329", pk: `01${hexDigit(pk, 2)}d${pk.slice(4)}` },
        { why: "a coefficient of 4,095", pk: `ff${hexDigit(pk, 2)}f${pk.slice(4)}` },
        ...smallOrder.map((point) => ({ why: "an X25519 point of small order", pk: pk.slice(0, -64) + point })),
      ],
      encs: smallOrder.map((point) => ({ why: "an X25519 point of small order", ct: ct.slice(0, -64) + point })),
    },
  }
}
