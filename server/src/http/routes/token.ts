/** `POST /oauth/token`: form-encoded in, RFC 6749 out, errors included (S8). */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { type ProblemCode, problemCodes } from "@halfkey/core/formats/problem-codes"
import { TokenError, TokenRequest, TokenResponse } from "@halfkey/core/wire/token"
import { answered } from "../callers.ts"
import type { App } from "../http-server.ts"
import { reportedError } from "../problems.ts"
import { plain } from "../schemas.ts"
import type { Services } from "../services.ts"

/** RFC 6749 section 5.2 and RFC 8628 section 3.5, for what is not simply a malformed request. */
const oauthErrors: Partial<Record<ProblemCode, string>> = {
  invalid_client: "invalid_client",
  invalid_key_text: "invalid_client",
  api_key_revoked: "invalid_client",
  client_revoked: "invalid_client",
  device_pending: "authorization_pending",
  device_rejected: "access_denied",
  api_key_restricted: "unauthorized_client",
  insufficient_scope: "invalid_scope",
  rate_limited: "slow_down",
  unavailable: "temporarily_unavailable",
  storage_full: "server_error",
  internal_error: "server_error",
}

/** Registered in a scope of its own: its content type and its errors are no other route's. */
export function tokenRoutes(app: App, { limits, tokens }: Services): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string", bodyLimit: 16 * 1024 },
    (_request, body, done) => {
      try {
        done(null, parseForm(body as string))
      } catch (error) {
        done(error as Error)
      }
    },
  )

  app.setErrorHandler((error, request, reply) => {
    const known = reportedError(error, request, reply)
    // RFC 6749 knows 400 and 401 only for what the caller did.
    if (reply.statusCode === 403) reply.code(400)
    const grantType = known.facts?.["grantType"] === "unsupported"
    return reply.type("application/json").send({
      error: grantType ? "unsupported_grant_type" : (oauthErrors[known.code] ?? "invalid_request"),
      error_description: known.message,
      code: known.code,
      hint: known.hint,
      requestId: request.id,
    } satisfies { [Name in keyof TokenError]: TokenError[Name] | undefined })
  })

  app.post("/oauth/token", {
    schema: {
      summary: "API key and client assertion for an access token; of a device, the assertion alone",
      tags: ["auth"],
      consumes: ["application/x-www-form-urlencoded"],
      body: TokenRequest,
      response: { 200: plain(TokenResponse), "4xx": plain(TokenError), "5xx": plain(TokenError) },
    },
    config: { access: { kind: "api-key" } },
    handler: async (request, reply) => {
      if (request.body.grant_type !== "client_credentials") {
        throw new HalfkeyError("invalid_request", "grant_type must be client_credentials", {
          facts: { grantType: "unsupported" },
        })
      }
      const { caller, body } = request
      // Without an API key only a signature tells who it is, which costs more than the comparison of a hash.
      if (body.api_key === undefined && limits.isOut(caller.address)) await app.refuseSlowly(reply)
      const issued = answered(
        reply,
        await tokens.issue(caller, body).catch((error: unknown) => {
          const isStranger = error instanceof HalfkeyError && problemCodes[error.code].status === 401
          if (isStranger && limits.isOut(caller.address)) return app.refuseSlowly(reply)
          throw error
        }),
      )
      reply.header("pragma", "no-cache")
      return {
        access_token: issued.accessToken,
        token_type: "Bearer" as const,
        expires_in: issued.expiresIn,
        scope: issued.scopes.join(" "),
      }
    },
  })
}

/** RFC 6749 section 3.2: a parameter must not be sent twice; one without a value counts as not sent. */
function parseForm(body: string): Record<string, string> {
  const form: Record<string, string> = Object.create(null)
  for (const [name, value] of new URLSearchParams(body)) {
    if (Object.hasOwn(form, name)) throw new HalfkeyError("invalid_request", "a parameter was sent twice")
    if (value !== "") form[name] = value
  }
  return form
}
