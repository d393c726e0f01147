/** The only place where an error becomes a status: RFC 9457 documents, from the one table of codes in core. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { problemCodes } from "@halfkey/core/formats/problem-codes"
import { type Problem, problemContentType } from "@halfkey/core/wire/problem"
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify"
import { type DeclaredRoute, methodsOf } from "./route-access.ts"

/** What the framework refuses by itself. Its own messages are not used: some quote the body. */
const frameworkErrors: Readonly<Record<string, HalfkeyError>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: new HalfkeyError("payload_too_large", "the request is larger than this route takes"),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: new HalfkeyError("unsupported_media_type", "the content type is not supported", {
    hint: "send application/json; the token endpoint takes application/x-www-form-urlencoded",
  }),
  FST_ERR_CTP_EMPTY_JSON_BODY: new HalfkeyError("invalid_request", "the body is empty, JSON was expected"),
  FST_ERR_CTP_INVALID_JSON_BODY: new HalfkeyError("invalid_request", "the body is not JSON"),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: new HalfkeyError("invalid_request", "the body is not as long as announced"),
  FST_ERR_MAX_PARAM_LENGTH: new HalfkeyError("invalid_request", "a part of the path is too long"),
  FST_ERR_BAD_URL: new HalfkeyError("invalid_request", "the path is not properly encoded"),
}

/** Turns whatever was thrown into an error of the table. Never keeps a value of the request. */
function knownError(error: unknown): HalfkeyError {
  if (error instanceof HalfkeyError) return problemCodes[error.code].status === 0 ? withoutStatus(error) : error
  const { code = "", validation, validationContext, statusCode } = error as Partial<FastifyError>
  if (validation !== undefined) return invalidPart(validationContext ?? "request", validation)
  const known = frameworkErrors[code]
  if (known !== undefined) return known
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new HalfkeyError("invalid_request", "the request cannot be read")
  }
  return new HalfkeyError("internal_error", "the server failed", {
    hint: "try again; if it stays, tell the operator the request id",
    cause: error,
  })
}

/** Codes that belong to another machine do not travel: what a caller sent wrong is a bad request, the rest is ours. */
function withoutStatus(error: HalfkeyError): HalfkeyError {
  if (error.code === "invalid_argument") return new HalfkeyError("invalid_request", error.message, { hint: error.hint })
  return new HalfkeyError("internal_error", "the server failed", { cause: error })
}

function invalidPart(part: string, validation: NonNullable<FastifyError["validation"]>): HalfkeyError {
  const [first] = validation
  const where = `${part}${first?.instancePath ?? ""}`.slice(0, 200)
  // Paths and messages come from the schema; only indexes and names of known fields are in them.
  return new HalfkeyError("invalid_request", `${where}: ${first?.message ?? "it is malformed"}`, {
    hint: "see /docs for the form of each request",
  })
}

export function problemOf(error: HalfkeyError, requestId: string): Problem {
  const { status, title } = problemCodes[error.code]
  return {
    type: `urn:halfkey:problem:${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    ...(error.hint !== undefined && { hint: error.hint }),
    ...(error.check !== undefined && { check: error.check }),
    ...(error.facts !== undefined && { facts: error.facts }),
    requestId,
  }
}

/** Answers with a problem document, and logs what is the server's own fault. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = reportedError(error, request, reply)
  return reply.type(problemContentType).send(problemOf(known, request.id))
}

/** Sets status and headers of a refusal, and says what to put into the body. */
export function reportedError(error: unknown, request: FastifyRequest, reply: FastifyReply): HalfkeyError {
  const known = knownError(error)
  const { status } = problemCodes[known.code]
  if (!(error instanceof HalfkeyError) && status < 500) request.malformed = known.code
  if (status >= 500) {
    request.log.error({ requestId: request.id, code: known.code, err: known.cause ?? known }, "a request failed")
  }
  if (status === 401) reply.header("www-authenticate", 'Bearer realm="halfkey"')
  if (status === 503 || status === 429) reply.header("retry-after", "1")
  reply.code(status)
  return known
}

export function useProblems(app: FastifyInstance, routes: readonly DeclaredRoute[]): void {
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply))
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split("?", 1)[0] ?? ""
    const methods = methodsOf(routes, path)
    if (methods.length === 0) {
      return sendProblem(
        new HalfkeyError("route_not_found", "there is no such route", { hint: "see /docs" }),
        request,
        reply,
      )
    }
    reply.header("allow", methods.join(", "))
    const error = new HalfkeyError("method_not_allowed", `the route takes ${methods.join(", ")}`, { hint: "see /docs" })
    return sendProblem(error, request, reply)
  })
}
