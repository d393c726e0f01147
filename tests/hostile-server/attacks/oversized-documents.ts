import type { Attack } from "../attack.ts"
import { endless } from "../replies.ts"

export const attack: Attack = {
  tries: "fill the client's memory where large answers are allowed",
  calls: ["get"],
  clients: ["fresh", "cli"],
  lies: {
    "without end": { instead: (response) => endless(response, "application/json", '{"a":[') },
  },
  refused: { code: "invalid_response", says: /larger than/ },
}
