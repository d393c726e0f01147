/** What operators and clients ask before anything else: health, metrics, discovery. */

import { Discovery, JsonWebKeySet } from "@halfkey/core/wire/discovery"
import { Type } from "typebox"
import type { App } from "../http-server.ts"
import type { Metrics } from "../metrics.ts"
import { plain } from "../schemas.ts"

export interface OperationsParts {
  readonly metrics: Metrics
  /** Throws while the server cannot answer for its store. */
  readonly requireReady: () => Promise<void>
  readonly discovery: () => Promise<Discovery>
  readonly jwks: () => JsonWebKeySet
}

const Health = Type.Object({ status: Type.Literal("ok") })

export function operationsRoutes(app: App, { metrics, requireReady, discovery, jwks }: OperationsParts): void {
  app.get("/healthz", {
    schema: { summary: "Whether the process runs", tags: ["operations"], response: { 200: Health } },
    config: { access: { kind: "public", reason: "says only that the process runs" } },
    handler: async () => ({ status: "ok" as const }),
  })

  app.get("/readyz", {
    schema: { summary: "Whether requests are served now", tags: ["operations"], response: { 200: Health } },
    config: { access: { kind: "public", reason: "says only whether requests are served" } },
    handler: async () => {
      await requireReady()
      return { status: "ok" as const }
    },
  })

  app.get("/metrics", {
    schema: { summary: "Prometheus metrics", tags: ["operations"], response: { 200: Type.String() } },
    config: { access: { kind: "public", reason: "holds counts and durations, no names and no ids" } },
    handler: async (_request, reply) => {
      reply.type(metrics.contentType)
      return metrics.text()
    },
  })

  app.get("/.well-known/halfkey", {
    schema: { summary: "What this server is", tags: ["discovery"], response: { 200: plain(Discovery) } },
    config: { access: { kind: "public", reason: "needed before anybody can authenticate; holds public keys only" } },
    handler: () => discovery(),
  })

  app.get("/.well-known/jwks.json", {
    schema: { summary: "Keys that sign access tokens", tags: ["discovery"], response: { 200: plain(JsonWebKeySet) } },
    config: { access: { kind: "public", reason: "public keys" } },
    handler: async () => jwks(),
  })
}
