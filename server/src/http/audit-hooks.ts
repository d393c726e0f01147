/** The audit log's part of every request: what the caller says about it, and refusals that no service decided (S12). */
import { auditFieldsHeader, parseAuditFields } from "@halfkey/core/formats/audit-fields"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { FastifyInstance, FastifyRequest } from "fastify"
import type { Services } from "./services.ts"

declare module "fastify" {
  interface FastifyRequest {
    /** Problem code of a request that was refused before a service saw it: its form is wrong. */
    malformed: string | undefined
  }
}

/** Most characters of a path that an entry keeps. */
const pathMaxLength = 200

/** Reads the header that says why. After authentication: strangers do not learn how their headers are judged. */
export function useAuditFields(app: FastifyInstance): void {
  app.decorateRequest("malformed", undefined)
  app.addHook("onRequest", (request, _reply, done) => {
    const header = request.headers[auditFieldsHeader]
    if (header === undefined) return done()
    try {
      request.caller = { ...request.caller, audit: parseAuditFields(String(header)) }
      done()
    } catch (error) {
      if (error instanceof HalfkeyError) request.malformed = error.code
      done(error as Error)
    }
  })
}

/** Notes what authenticated callers are refused without a decision: malformed requests, and routes that there are not. */
export function useUndecidedRequests(app: FastifyInstance, services: Services): void {
  app.addHook("onResponse", (request, reply, done) => {
    if (request.is404) void noteUnknownRoute(request, reply.statusCode, services)
    else if (request.malformed !== undefined) noteMalformed(request, request.malformed, services)
    done()
  })
}

function noteMalformed({ caller, routeOptions }: FastifyRequest, code: string, { refusals }: Services): void {
  const { access } = routeOptions.config
  const { apiKeyId, clientId, workspaceId } = caller.identity
  if (access?.kind !== "access-token" || workspaceId === undefined) return
  void refusals.note(caller, { workspaceId, action: access.action, code, apiKeyId, clientId })
}

async function noteUnknownRoute(request: FastifyRequest, status: number, services: Services): Promise<void> {
  const { caller } = request
  if (caller.credential === undefined) return
  try {
    const { workspaceId, apiKeyId, clientId } = await services.gate.authenticate(caller, "route.unknown")
    const path = (request.url.split("?", 1)[0] ?? "").slice(0, pathMaxLength)
    const code = status === 405 ? "method_not_allowed" : "route_not_found"
    const subject = `${request.method} ${path}`
    await services.refusals.note(caller, { workspaceId, action: "route.unknown", code, apiKeyId, clientId, subject })
  } catch (error) {
    // A stranger's is noted by the gate.
    if (!(error instanceof HalfkeyError))
      request.log.error({ requestId: request.id, err: error }, "a refusal was not noted")
  }
}
