import type { Attack, Json, Lie } from "../attack.ts"

const confirmed = (json: (answer: Json) => unknown): Lie => ({ to: ["POST /v1/clients"], json })

export const attack: Attack = {
  tries: "confirm another client than was made, or give an API key that is damaged and will never be shown again",
  calls: ["create client"],
  clients: ["fresh", "cli"],
  lies: {
    "a damaged key": confirmed(({ apiKey }) => {
      apiKey.secret = `${apiKey.secret.slice(0, -1)}${apiKey.secret.endsWith("A") ? "B" : "A"}`
    }),
    "another key's secret": confirmed(({ apiKey }) => {
      apiKey.apiKey.id = "a".repeat(16)
    }),
    "no key": confirmed((answer) => delete answer.apiKey),
    "another client": confirmed(({ client }) => {
      client.clientId = "00000000-0000-8000-8000-000000000000"
    }),
    nothing: confirmed((answer) => delete answer.client),
  },
  refused: { code: "invalid_response", says: /answer is not usable/ },
  sends: ["POST /v1/clients"],
}
