import type { Attack, Json, Lie } from "../attack.ts"

const confirmed = (change: (summary: Json) => unknown): Lie => ({ to: ["PUT /v1/keysets/"], json: change })

export const attack: Attack = {
  tries: "confirm another change of state than the one that was signed",
  calls: ["disable", "destroy"],
  clients: ["fresh", "cli"],
  lies: {
    "still enabled": confirmed((summary) => {
      summary.state = "enabled"
    }),
    "of another environment": confirmed((summary) => {
      summary.keysetId = "00000000-0000-4000-8000-000000000000"
    }),
    "of another revision": confirmed((summary) => {
      summary.revision += 1
    }),
  },
  refused: { code: "invalid_response", says: /confirms something else/ },
  sends: ["PUT /v1/keysets/"],
}
