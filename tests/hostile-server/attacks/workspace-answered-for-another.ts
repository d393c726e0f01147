import type { Attack, Json, Lie } from "../attack.ts"

const confirmed = (json: (answer: Json) => unknown): Lie => ({ to: ["POST /v1/workspaces"], json })

export const attack: Attack = {
  tries: "confirm another workspace than was made, or give a damaged API key for it",
  calls: ["create workspace"],
  clients: ["fresh", "cli"],
  lies: {
    "another id": confirmed((answer) => {
      answer.workspaceCRN = answer.workspaceCRN.replace(/.$/, (last: string) => (last === "A" ? "B" : "A"))
    }),
    "a damaged key": confirmed(({ apiKey }) => {
      apiKey.secret = apiKey.secret.slice(0, -1)
    }),
  },
  refused: { code: "invalid_response", says: /another workspace|damaged/ },
  sends: ["POST /v1/workspaces"],
}
