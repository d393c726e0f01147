import type { Attack } from "../attack.ts"
import { problem } from "../replies.ts"

const text = "\u001b]0;owned\u0007\u001b[2J\u202e\u2028line\r\nhalfkey: all is well"

export const attack: Attack = {
  tries: "put terminal codes, keys and tokens that it was sent, or very much text into a refusal, for logs and screens",
  calls: ["get", "set"],
  lies: {
    "in every field": {
      instead: (response, { admin }, { headers }) => {
        const keys = `${admin.apiKey} ${headers["authorization"]}`
        problem(response, 403, "insufficient_scope", `${text} ${keys}`, {
          hint: `${text} ${keys}`,
          requestId: text,
          check: `${text} ${keys}`,
          facts: { [`${text} ${keys}`]: `${text} ${keys}`, list: [text, admin.apiKey], object: { text } },
        })
      },
    },
    "a megabyte": {
      instead: (response) => problem(response, 403, "insufficient_scope", "x".repeat(1024 * 1024)),
    },
  },
  refused: { code: "insufficient_scope", check: "any" },
}
