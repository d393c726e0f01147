import type { Attack, Json, Lie } from "../attack.ts"

const text = "admin\u001b[2J\u202e"
const first = (list: "clients" | "apiKeys" | "keysets", change: (item: Json) => unknown): Lie => ({
  json: (answer) => change(answer[list][0]),
})

export const attack: Attack = {
  tries: "put terminal codes into labels and names that people decide by",
  calls: ["list clients"],
  clients: ["fresh", "cli"],
  lies: {
    "a client's label": first("clients", (client) => {
      client.label = text
    }),
    "a client's environment": first("clients", (client) => {
      client.environments = [{ name: text, keysetId: "00000000-0000-4000-8000-000000000000", mode: "read" }]
    }),
  },
  refused: { code: "invalid_response", says: /visible text/ },
}
