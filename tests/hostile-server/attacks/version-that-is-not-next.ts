import { type Attack, aboutOffer } from "../attack.ts"

export const attack: Attack = {
  tries: "offer a version that is not above the current one",
  calls: ["set", "set of a seen one", "delete"],
  lies: {
    "the same": aboutOffer((offer) => {
      offer.currentVersion = offer.nextVersion
    }),
    "a lower one": aboutOffer((offer) => {
      offer.currentVersion = offer.nextVersion + 5
    }),
  },
  refused: { code: "record_verification_failed", check: "freshness" },
}
