import type { Attack, Json, Lie } from "../attack.ts"

const token = (change: (answer: Json) => unknown): Lie => ({ to: ["POST /oauth/token"], json: change })
const as = (accessToken: unknown) =>
  token((answer) => {
    answer.access_token = accessToken
  })
const lasting = (seconds: unknown) =>
  token((answer) => {
    answer.expires_in = seconds
  })

export const attack: Attack = {
  tries: "give an access token that breaks out of its header, or that is none",
  calls: ["get without a token"],
  clients: ["fresh", "cli"],
  lies: {
    "with another header behind it": as("x\r\nx-evil: 1"),
    empty: as(""),
    none: token((answer) => delete answer.access_token),
    "a number": as(1),
    null: as(null),
    "with a space": as("a b"),
    "with a NUL": as("a\0b"),
    "beyond ASCII": as("tökén"),
    "very long": as("a".repeat(20_000)),
    "of another type": token((answer) => {
      answer.token_type = "mac"
    }),
    "of no type": token((answer) => delete answer.token_type),
    "that has ended": lasting(0),
    "that ended before": lasting(-1),
    "that lasts for a fraction": lasting(1.5),
    "that lasts for a text": lasting("900"),
    "that lasts for ever": lasting(null),
    "that lasts beyond what numbers hold": lasting(2 ** 53),
  },
  refused: { code: "invalid_response", says: /token|expires_in/ },
}
