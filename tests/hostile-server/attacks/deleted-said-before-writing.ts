import { type Attack, aboutOffer, clientsWithMemory } from "../attack.ts"

export const attack: Attack = {
  tries: "say that a live secret is deleted, so that its deletion or a first write seems done or allowed",
  calls: ["set of a kept one if it is new", "delete of a kept one at version 9"],
  clients: clientsWithMemory,
  lies: {
    "by the flag": aboutOffer((offer) => {
      offer.deleted = true
    }),
  },
  refused: { code: "record_verification_failed", check: "freshness" },
}
