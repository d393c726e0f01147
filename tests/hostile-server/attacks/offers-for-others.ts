import type { Attack } from "../attack.ts"

export const attack: Attack = {
  tries: "offer versions for other names than are to be written, so that values get mixed up",
  calls: ["set of two"],
  lies: {
    swapped: { json: ({ secrets }) => secrets.reverse() },
    "one less": { json: ({ secrets }) => secrets.pop() },
    "one more": { json: ({ secrets }) => secrets.push(secrets[0]) },
    "one twice": {
      json: ({ secrets }) => {
        secrets[1] = secrets[0]
      },
    },
    none: {
      json: (answer) => {
        answer.secrets = []
      },
    },
    "another name": {
      json: ({ secrets }) => {
        secrets[0].name = "A"
      },
    },
  },
  refused: { code: "invalid_response", says: /other secrets than asked/ },
}
