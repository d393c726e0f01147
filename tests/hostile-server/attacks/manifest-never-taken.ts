import type { Attack } from "../attack.ts"
import { problem } from "../replies.ts"

export const attack: Attack = {
  tries: "refuse every change of membership as overtaken, so that an admin signs for ever",
  calls: ["grant", "create client"],
  clients: ["fresh", "cli"],
  lies: {
    "by a conflict": {
      to: ["PUT /v1/keysets/", "POST /v1/clients"],
      instead: (response) => problem(response, 409, "revision_conflict", "somebody was faster"),
    },
  },
  refused: { code: "revision_conflict", says: /somebody was faster/ },
  sends: ["PUT /v1/keysets/", "POST /v1/clients"],
}
