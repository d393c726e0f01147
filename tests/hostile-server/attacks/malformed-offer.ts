import { type Attack, aboutOffer } from "../attack.ts"

export const attack: Attack = {
  tries: "give a seed or a key id of a wrong length for sealing",
  calls: ["set", "delete"],
  clients: ["fresh", "cli"],
  lies: {
    "a short seed": aboutOffer((offer) => {
      offer.keySeed = "AAAA"
    }),
    "no seed": aboutOffer((offer) => {
      offer.keySeed = ""
    }),
    "a seed that is too long": aboutOffer((offer) => {
      offer.keySeed = "A".repeat(64)
    }),
    "a short key id": aboutOffer((offer) => {
      offer.keyId = "AAAA"
    }),
    "a key id that is too long": aboutOffer((offer) => {
      offer.keyId = "A".repeat(43)
    }),
    "version 0": aboutOffer((offer) => {
      offer.nextVersion = 0
    }),
    "a fraction": aboutOffer((offer) => {
      offer.nextVersion = 1.5
    }),
    "a version beyond what numbers hold": aboutOffer((offer) => {
      offer.nextVersion = 2 ** 53
    }),
    "deletion as text": aboutOffer((offer) => {
      offer.deleted = "false"
    }),
  },
  refused: { code: "invalid_response", says: /answer\.secrets\[0\]/ },
}
