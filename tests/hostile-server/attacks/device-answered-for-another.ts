import type { Attack, Json, Lie } from "../attack.ts"

const filed = (json: (answer: Json) => unknown): Lie => ({ to: ["POST /v1/devices"], json })

export const attack: Attack = {
  tries: "tell a device that another one, or another nonce, was filed than it sent",
  calls: ["file device"],
  clients: ["fresh"],
  lies: {
    "another id": filed((answer) => {
      answer.clientId = "00000000-0000-8000-8000-000000000000"
    }),
    "another nonce": filed((answer) => {
      answer.nonce = "A".repeat(43)
    }),
    nothing: filed((answer) => delete answer.nonce),
  },
  refused: { code: "invalid_response", says: /answer is not usable/ },
  sends: ["POST /v1/devices"],
}
