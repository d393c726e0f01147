import type { Attack, Lie } from "../attack.ts"
import { json, problem, reply } from "../replies.ts"

const refuses = (status: number, code: string): Lie => ({
  instead: (response) => problem(response, status, code, "the check was passed"),
})

export const attack: Attack = {
  tries: "refuse with a code that only this machine may find out, or that belongs to another status",
  calls: ["get", "set"],
  clients: ["fresh", "cli"],
  lies: {
    "a failed check": refuses(422, "record_verification_failed"),
    "a wrong argument": refuses(400, "invalid_argument"),
    "a code that is none": refuses(400, "constructor"),
    "a code of another status": refuses(409, "secret_not_found"),
    "no code": { instead: (response) => json(response, 400, {}) },
    "a code that is no text": { instead: (response) => json(response, 400, { code: ["invalid_request"] }) },
    "a list": { instead: (response) => json(response, 400, []) },
    "a status that there is not": { instead: (response) => reply(response, 418, "application/json", "{}") },
    "half a document": { instead: (response) => reply(response, 404, "application/problem+json", '{"code":') },
  },
  refused: { code: "invalid_response", says: /refused with status/ },
}
