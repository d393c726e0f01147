import type { Attack } from "../attack.ts"
import { endless, reply } from "../replies.ts"

export const attack: Attack = {
  tries: "fill the client's memory",
  calls: ["list", "get without a token"],
  clients: ["fresh", "cli"],
  lies: {
    "without end": { instead: (response) => endless(response, "application/json", " ") },
    "a byte too many": {
      instead: (response) => reply(response, 200, "application/json", `{}${" ".repeat(4 * 1024 * 1024 - 1)}`),
    },
    "a refusal without end": {
      instead: (response) => {
        response.statusCode = 403
        endless(response, "application/problem+json", '{"detail":"')
      },
    },
  },
  refused: { code: "invalid_response", says: /larger than/ },
}
