import type { Attack, Lie } from "../attack.ts"

const caller = (clientId: string | null): Lie => ({
  to: ["GET /v1/workspace"],
  json: (answer) => {
    answer.caller.clientId = clientId
  },
})

export const attack: Attack = {
  tries: "tell a client, or a device that was just approved, that it is somebody else",
  calls: ["whoami", "find out where a device is in"],
  clients: ["fresh", "cli"],
  lies: { "another client": caller("00000000-0000-8000-8000-000000000000"), "no client": caller(null) },
  refused: { code: "invalid_response", says: /about another client/ },
}
