import { type Attack, aboutRead, clientsWithMemory, otherDocuments } from "../attack.ts"

export const attack: Attack = {
  tries: "serve the database of yesterday, where everything fits together",
  calls: ["get"],
  clients: clientsWithMemory,
  lies: {
    "documents, records and seeds": aboutRead((answer, { truths }) => {
      for (const name of Object.keys(answer)) delete answer[name]
      Object.assign(answer, structuredClone(truths.before))
    }),
    "the documents": otherDocuments((_, { truths }) => truths.before.keyset),
  },
  refused: { code: "keyset_verification_failed", check: "freshness" },
}
