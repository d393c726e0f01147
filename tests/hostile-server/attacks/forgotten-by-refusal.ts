import type { Attack, Lie } from "../attack.ts"
import { problem } from "../replies.ts"

const refusal = (code: string, status: number): Lie => ({
  instead: (response) => problem(response, status, code, "there is no such secret"),
})

export const attack: Attack = {
  tries: "say by a refusal that a secret is not there, which no check of what was seen would look at",
  calls: ["get", "get of two", "read of all", "set"],
  lies: { secret_not_found: refusal("secret_not_found", 404) },
  refused: { code: "invalid_response", says: /secret_not_found/ },
}
