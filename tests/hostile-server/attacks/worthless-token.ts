import type { Attack } from "../attack.ts"

export const attack: Attack = {
  tries: "give tokens that nobody accepts, so that the client asks for ever",
  calls: ["get", "set"],
  clients: ["fresh"],
  lies: {
    "each time": {
      to: ["POST /oauth/token"],
      json: (answer) => {
        answer.access_token = "worthless"
      },
    },
  },
  refused: { code: "invalid_token", says: /token/ },
}
