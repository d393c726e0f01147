import { type Attack, aboutOffer, clientsWithMemory } from "../attack.ts"

export const attack: Attack = {
  tries: "offer a version for writing that was used before, or one out of nowhere",
  calls: ["set of a kept one if it is new"],
  clients: clientsWithMemory,
  lies: {
    "the version seen before": aboutOffer((offer) => {
      offer.nextVersion = offer.currentVersion
      offer.currentVersion -= 1
    }),
    "version 1, as if never written": aboutOffer((offer) => {
      Object.assign(offer, { currentVersion: 0, nextVersion: 1 })
    }),
    "a lower current version": aboutOffer((offer) => {
      offer.currentVersion = 0
    }),
    "far above": aboutOffer((offer) => {
      offer.nextVersion += 2 ** 33
    }),
    "the highest": aboutOffer((offer) => {
      offer.nextVersion = Number.MAX_SAFE_INTEGER
    }),
  },
  refused: { code: "record_verification_failed", check: "freshness" },
}
