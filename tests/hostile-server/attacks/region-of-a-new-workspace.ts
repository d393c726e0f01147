import type { Attack } from "../attack.ts"

export const attack: Attack = {
  tries: "put something else than a region into the name of a new workspace",
  calls: ["create workspace"],
  clients: ["fresh"],
  lies: {
    "another id": {
      json: (answer) => {
        answer.region = "local.self:AAAAAAAAAAAAAAAAAAAAAAAAAA"
      },
    },
  },
  refused: { code: "invalid_response", says: /region/ },
}
