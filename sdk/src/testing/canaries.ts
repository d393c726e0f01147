/** Texts that must never show up in anything that the SDK says. */
import assert from "node:assert/strict"
import { inspect } from "node:util"
import type { SecretsOptions } from "../options.ts"
import { type Failure, SecretsError } from "../result.ts"

export const canary = "CANARY-value-7f3a9c"

/** Fails when a failure, as data, as an error or printed in depth, shows a value, a key or a token. */
export function assertKeepsSecrets(failure: Failure, { apiKey = "", clientKey = "" }: SecretsOptions): void {
  const error = new SecretsError(failure)
  const shown = [failure, error, error.stack].map((each) => inspect(each, { depth: 20, showHidden: true })).join("\n")
  const hidden = {
    "the value": canary,
    "the value in base64": btoa(canary).slice(0, 16),
    "the client key": clientKey.slice(5, 25),
    "the API key": apiKey.slice(22, 42),
    "a token": "token-",
  }
  for (const [what, text] of Object.entries(hidden)) {
    assert.ok(text.length > 5 && !shown.includes(text), `the failure shows ${what}:\n${shown}`)
  }
}
