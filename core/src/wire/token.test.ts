import { test } from "node:test"
import { assertSchema } from "../testing/schema.ts"
import { assertionTypeUri, TokenError, TokenRequest, TokenResponse } from "./token.ts"

test("a token is asked for with an API key and an assertion; a control key needs only the one, a device only the other", () => {
  const request = {
    grant_type: "client_credentials",
    api_key: "hkak_",
    client_assertion_type: assertionTypeUri,
    client_assertion: "a.b.c",
    scope: "secret:read",
  }
  const refused = [{ api_key: "x".repeat(101) }, { client_assertion: "x".repeat(2001) }, { api_key: ["a"] }]
  assertSchema(TokenRequest, request, ["grant_type"], refused)
})

test("an answer is a bearer token, an error one of RFC 6749 with the project's own code", () => {
  const response = { access_token: "a", token_type: "Bearer", expires_in: 900, scope: "secret:read" }
  assertSchema(TokenResponse, response, Object.keys(response), [{ token_type: "mac" }, { expires_in: "900" }])
  const error = { error: "invalid_client", error_description: "x", code: "invalid_client", hint: "y", requestId: "r" }
  assertSchema(TokenError, error, ["error", "error_description", "code", "requestId"], [{ error: 1 }])
})
