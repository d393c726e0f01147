/** `POST /oauth/token` (S8): OAuth 2.0 client credentials with an RFC 7523 client assertion, form-encoded. */
import { type Static, Type } from "typebox"

export const assertionTypeUri = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

export const TokenRequest = Type.Object({
  grant_type: Type.String({ description: "client_credentials" }),
  api_key: Type.Optional(
    Type.String({ maxLength: 100, description: "CS_CLIENT_ACCESS_KEY; left out by a person's device (S9)" }),
  ),
  client_assertion_type: Type.Optional(Type.String({ description: assertionTypeUri })),
  client_assertion: Type.Optional(Type.String({ maxLength: 2000 })),
  scope: Type.Optional(Type.String({ maxLength: 1000, description: "Space-separated; less than the role's scopes" })),
})
export type TokenRequest = Static<typeof TokenRequest>

export const TokenResponse = Type.Object({
  access_token: Type.String(),
  token_type: Type.Literal("Bearer"),
  expires_in: Type.Integer({ description: "Seconds" }),
  scope: Type.String(),
})
export type TokenResponse = Static<typeof TokenResponse>

/** RFC 6749 error, with the project's own code and hint beside it. */
export const TokenError = Type.Object({
  error: Type.String(),
  error_description: Type.String(),
  code: Type.String(),
  hint: Type.Optional(Type.String()),
  requestId: Type.String(),
})
export type TokenError = Static<typeof TokenError>
