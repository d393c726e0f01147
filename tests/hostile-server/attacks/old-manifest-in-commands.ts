import { type Attack, otherDocuments } from "../attack.ts"

export const attack: Attack = {
  tries: "show an admin the members from before one came or went",
  calls: ["list grants"],
  clients: ["remembering", "cli"],
  lies: { "the old one alone": otherDocuments((_, { truths }) => truths.before.keyset) },
  refused: { code: "keyset_verification_failed", check: "freshness" },
}
