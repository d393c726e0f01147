import type { Attack, Json, Lie } from "../attack.ts"

const confirmed = (json: (answer: Json) => unknown): Lie => ({ to: ["POST /v1/api-keys/"], json })
const other = "a".repeat(16)

export const attack: Attack = {
  tries:
    "confirm the rotation of another API key than was asked for, or give a new one that is damaged and will never be shown again",
  calls: ["rotate key"],
  clients: ["fresh", "cli"],
  lies: {
    "a damaged key": confirmed((answer) => {
      answer.secret = `${answer.secret.slice(0, -1)}${answer.secret.endsWith("A") ? "B" : "A"}`
    }),
    "another key's secret": confirmed(({ apiKey, rotated }) => {
      apiKey.id = other
      rotated.rotatedTo = other
    }),
    "another old key": confirmed(({ rotated }) => {
      rotated.id = other
    }),
    "an old key that nothing replaced": confirmed(({ rotated }) => {
      rotated.rotatedTo = null
    }),
    "no old key": confirmed((answer) => delete answer.rotated),
    "no key": confirmed((answer) => delete answer.secret),
  },
  refused: { code: "invalid_response", says: /answer is not usable/ },
  sends: ["POST /v1/api-keys/"],
}
