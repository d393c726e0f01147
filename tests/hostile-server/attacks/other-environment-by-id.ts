import { type Attack, otherDocuments } from "../attack.ts"

export const attack: Attack = {
  tries: "serve the key set of staging to somebody who asked for production by its id",
  calls: ["get by id"],
  lies: {
    "all documents": otherDocuments((_, { truths }) => truths.now["staging A"].keyset),
  },
  refused: { code: "keyset_verification_failed", check: "key set" },
}
