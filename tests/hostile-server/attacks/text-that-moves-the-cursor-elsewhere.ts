import type { Attack } from "../attack.ts"

const text = "admin\u001b[2J\u202e"

export const attack: Attack = {
  tries: "put terminal codes into whatever else a command prints",
  calls: ["list keys", "list environments", "whoami"],
  clients: ["fresh", "cli"],
  lies: {
    everywhere: {
      json: ({ apiKeys, caller, keysets }) => {
        if (apiKeys) apiKeys[0].label = text
        if (keysets) keysets[0].name = text
        if (caller) caller.scopes = [text]
      },
    },
  },
  refused: { code: "invalid_response", says: /visible text/ },
}
