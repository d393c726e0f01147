import type { Attack } from "../attack.ts"
import { problem } from "../replies.ts"

export const attack: Attack = {
  tries: "refuse every write as overtaken, so that a client seals for ever",
  calls: ["set", "set of two"],
  clients: ["fresh", "cli"],
  lies: {
    "by a conflict": {
      to: ["POST /v1/secrets/commit"],
      instead: (response) => problem(response, 409, "version_conflict", "somebody was faster"),
    },
  },
  refused: { code: "version_conflict", says: /somebody was faster/ },
  sends: ["POST /v1/secrets/commit"],
}
