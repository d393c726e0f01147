import type { Attack, Json, Lie } from "../attack.ts"

const confirmed = (json: (answer: Json) => unknown): Lie => ({ to: ["POST /v1/keysets"], json })

export const attack: Attack = {
  tries: "confirm another environment than was made",
  calls: ["create environment"],
  clients: ["fresh", "remembering", "cli"],
  lies: {
    "another name": confirmed((answer) => {
      answer.name = "production"
    }),
    "another id": confirmed((answer) => {
      answer.keysetId = "00000000-0000-4000-8000-000000000000"
    }),
  },
  refused: { code: "invalid_response", says: /another environment/ },
  sends: ["POST /v1/keysets"],
}
