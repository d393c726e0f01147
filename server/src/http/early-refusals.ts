/** What is refused before anything else is done: who asks too often, who has no proof, and who may not do what comes with a large body. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify"
import { tooManyRefusals } from "../services/auth/rate-limits.ts"
import type { RouteAccess } from "./route-access.ts"
import type { Services } from "./services.ts"

declare module "fastify" {
  interface FastifyInstance {
    /** Refuses an address that had too many refusals: after a while, if not too many wait already. Throws `rate_limited`. */
    refuseSlowly(reply: FastifyReply): Promise<never>
  }
}

/** An answer that refuses an address waits so long: a flood that waits for its answers slows itself down. */
const heldMs = 500
/** So many wait at a time. */
const heldMax = 1000
/** From this length on, whether the caller may do what it asks for is decided before its body is read. */
const largeBody = 64 * 1024

/**
 * Before a body is read: who has no token at all is refused without costing the server a large body, and learns nothing
 * from how its body is judged. The services check everything again, by themselves.
 */
export function useEarlyRefusals(app: FastifyInstance, services: Services): void {
  const { gate, limits, recovery, workspaces } = services
  let held = 0
  const refuseSlowly = async (reply: FastifyReply): Promise<never> => {
    if (held >= heldMax) reply.header("connection", "close")
    else {
      held++
      await new Promise((resolve) => setTimeout(resolve, heldMs))
      held--
    }
    throw tooManyRefusals()
  }
  app.decorate("refuseSlowly", refuseSlowly)
  app.addHook("onRequest", async (request, reply) => {
    const { access } = request.routeOptions.config
    const { caller } = request
    if (access === undefined || access.kind === "public") return
    if (limits.isOut(caller.address) && !isKnown(access, services, request)) await refuseSlowly(reply)
    if (access.kind === "access-token") {
      const { apiKeyId, clientId } = await gate.authenticate(caller, access.action)
      try {
        limits.take(apiKeyId ?? clientId ?? "")
      } catch (error) {
        request.malformed = "rate_limited"
        throw error
      }
      if (isLarge(request)) await gate.requireAllowed(caller, access.action)
    }
    if (access.kind === "setup-token") await workspaces.requireSetupToken(caller)
    if (access.kind === "workspace-root") await recovery.authenticate(caller, access.action)
  })
  app.addHook("onResponse", (request, reply, done) => {
    if (reply.statusCode === 401) limits.noteRefused(request.caller.address)
    done()
  })
}

/** What needs no work to be told: a token that was verified before. An API key is compared with its hash, which costs little, too. */
function isKnown({ kind }: RouteAccess, { gate }: Services, { caller }: FastifyRequest): boolean {
  return kind === "api-key" || (kind === "access-token" && gate.knows(caller))
}

function isLarge({ method, headers }: FastifyRequest): boolean {
  if (method === "GET" || method === "DELETE") return false
  const length = headers["content-length"]
  return length === undefined ? headers["transfer-encoding"] !== undefined : Number(length) >= largeBody
}
