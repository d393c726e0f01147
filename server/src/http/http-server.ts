/** The HTTP side: one Fastify with its hooks, and every route. Knows services, no rules. */

import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox"
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import type { RandomSource } from "@halfkey/core/primitives/random"
import { requestIdHeader } from "@halfkey/core/wire/problem"
import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
  LogController,
} from "fastify"
import type { Logger } from "pino"
import type { RequestLine } from "../log.ts"
import { useAuditFields, useUndecidedRequests } from "./audit-hooks.ts"
import { callerOf } from "./callers.ts"
import { useEarlyRefusals } from "./early-refusals.ts"
import { stopGracefully } from "./graceful-stop.ts"
import type { Metrics } from "./metrics.ts"
import { sendProblem, useProblems } from "./problems.ts"
import { refuseConnection } from "./protocol-errors.ts"
import { collectRoutes, type DeclaredRoute } from "./route-access.ts"
import type { OperationsParts } from "./routes/operations.ts"
import { allRoutes } from "./routes/routes.ts"
import { useTypeBoxValidation } from "./schemas.ts"
import type { Services } from "./services.ts"

/** Most bytes of a request's body, unless its route says otherwise. */
const bodyLimit = 1024 * 1024

export interface HttpServerParts {
  readonly services: Services
  readonly metrics: Metrics
  readonly operations: OperationsParts
  readonly logger: Logger
  readonly logRequest: (line: RequestLine) => void
  readonly random: RandomSource
  readonly trustedProxies: readonly string[]
  readonly tls: { readonly cert: string; readonly key: string } | undefined
}

export interface HttpServer {
  readonly app: FastifyInstance
  readonly routes: readonly DeclaredRoute[]
}

export const withTypes = (app: FastifyInstance) => app.withTypeProvider<TypeBoxTypeProvider>()
/** Fastify whose handlers get the types of their schemas. */
export type App = ReturnType<typeof withTypes>

export async function buildHttpServer(parts: HttpServerParts): Promise<HttpServer> {
  const newRequestId = () => toBase64Url(parts.random(15))
  const plainApp = fastify({
    loggerInstance: parts.logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: newRequestId,
    // A logger for each request costs more than naming the request where something is logged.
    childLoggerFactory: (logger) => logger,
    requestIdHeader: false,
    bodyLimit,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 2500 },
    trustProxy: parts.trustedProxies.length > 0 ? [...parts.trustedProxies] : false,
    // A caller that sends or takes slowly must not hold a connection for ever.
    connectionTimeout: 120_000,
    requestTimeout: 60_000,
    keepAliveTimeout: 72_000,
    forceCloseConnections: "idle",
    http: { headersTimeout: 20_000 },
    clientErrorHandler: ({ code }, socket) => refuseConnection(code, socket, newRequestId()),
    // Errors of the router itself, which come before every hook.
    frameworkErrors: (error, request, reply) => {
      answerHeaders(request, reply)
      sendProblem(error, request, reply)
    },
    ...(parts.tls && { https: { cert: parts.tls.cert, key: parts.tls.key } }),
  }) as unknown as FastifyInstance
  stopGracefully(plainApp, parts.tls !== undefined)
  plainApp.removeContentTypeParser("text/plain")
  const routes = collectRoutes(plainApp)
  useTypeBoxValidation(plainApp)
  useProblems(plainApp, routes)
  useHeadersAndLog(plainApp, parts)
  useEarlyRefusals(plainApp, parts.services)
  useAuditFields(plainApp)
  useUndecidedRequests(plainApp, parts.services)

  const app = withTypes(plainApp)

  await allRoutes(app, parts.services, parts.operations)
  await app.ready()
  return { app: plainApp, routes }
}

function useHeadersAndLog(app: FastifyInstance, { metrics, logRequest }: HttpServerParts): void {
  app.decorateRequest("caller")
  app.addHook("onRequest", (request, reply, done) => {
    request.caller = callerOf(request)
    answerHeaders(request, reply)
    done()
  })
  app.addHook("onResponse", (request, reply, done) => {
    const route = request.routeOptions.url ?? "(none)"
    const status = reply.statusCode
    metrics.request(request.method, route, status, reply.elapsedTime / 1000)
    const { apiKeyId, clientId } = request.caller.identity
    const ms = Math.round(reply.elapsedTime * 100) / 100
    logRequest({ requestId: request.id, method: request.method, route, status, ms, apiKeyId, clientId })
    done()
  })
}

function answerHeaders(request: FastifyRequest, reply: FastifyReply): void {
  reply.header(requestIdHeader, request.id)
  reply.header("cache-control", "no-store")
  reply.header("x-content-type-options", "nosniff")
}
