import { type Attack, clientsWithMemory, type Json } from "../attack.ts"

export const attack: Attack = {
  tries: "leave a secret seen before out when all are asked for, so that a program starts without it",
  calls: ["read of all"],
  clients: clientsWithMemory,
  lies: {
    "and say that it was never written": {
      json: (answer, _, { body }) => {
        answer.records = answer.records.filter(({ name }: Json) => name !== "A")
        answer.missing = JSON.parse(body).secrets ?? []
      },
    },
  },
  refused: { code: "record_verification_failed", check: "freshness" },
}
