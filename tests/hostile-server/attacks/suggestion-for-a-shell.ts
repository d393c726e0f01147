import type { Attack } from "../attack.ts"
import { problem } from "../replies.ts"

export const attack: Attack = {
  tries: "bring a person to type a shell command, by the name of an environment that is suggested",
  calls: ["get"],
  clients: ["cli"],
  lies: {
    "behind the name that was asked for": {
      instead: (response) => {
        const available = ["production`touch owned`", "production;touch owned", "production$(touch owned)"]
        problem(response, 404, "keyset_not_found", "there is no such environment", { facts: { available } })
      },
    },
  },
  refused: { code: "keyset_not_found", says: /^halfkey: there is no such environment\n$/ },
}
