import { type Attack, aboutRead, clientsWithMemory } from "../attack.ts"

export const attack: Attack = {
  tries: "say that a secret seen before was never written",
  calls: ["get", "get of two", "get of a deleted one"],
  clients: clientsWithMemory,
  lies: {
    missing: aboutRead((answer) => {
      answer.missing = [...answer.missing, ...answer.records.map(({ name }: { name: string }) => ({ name }))]
      answer.records = []
    }),
  },
  refused: { code: "record_verification_failed", check: "freshness" },
}
