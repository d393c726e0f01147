import type { Attack, Json, Lie } from "../attack.ts"

const confirmed = (json: (answer: Json) => unknown): Lie => ({ to: ["POST /v1/clients"], json })

export const attack: Attack = {
  tries: "confirm another device than was approved, or another role, or that it is no device",
  calls: ["approve device"],
  clients: ["fresh", "cli"],
  lies: {
    "another device": confirmed(({ client }) => {
      client.clientId = "00000000-0000-8000-8000-000000000000"
    }),
    "another role": confirmed(({ client }) => {
      client.device = "admin"
    }),
    "no device": confirmed(({ client }) => {
      client.device = null
    }),
  },
  refused: { code: "invalid_response", says: /answer is not usable/ },
  sends: ["POST /v1/clients"],
}
