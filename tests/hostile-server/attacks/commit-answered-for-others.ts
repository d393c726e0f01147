import type { Attack, Json, Lie } from "../attack.ts"

const confirmed = (json: (answer: Json) => unknown): Lie => ({ to: ["POST /v1/secrets/commit"], json })

export const attack: Attack = {
  tries: "confirm another write than was sent",
  calls: ["set", "delete"],
  lies: {
    "another version": confirmed(({ secrets }) => {
      secrets[0].version += 1
    }),
    "another name": confirmed(({ secrets }) => {
      secrets[0].name = "OTHER"
    }),
    "a deletion for a value, a value for a deletion": confirmed(({ secrets }) => {
      secrets[0].deleted = !secrets[0].deleted
    }),
    none: confirmed((answer) => {
      answer.secrets = []
    }),
    "one more": confirmed(({ secrets }) => secrets.push(secrets[0])),
    "something else": confirmed((answer) => {
      answer.secrets = "all"
    }),
  },
  refused: { code: "invalid_response", says: /other writes|answer\.secrets/ },
  sends: ["POST /v1/secrets/commit"],
}
