/** The audit log (S12). */
import {
  AuditCheckpointResponse,
  AuditConsistencyResponse,
  AuditEntriesQuery,
  AuditEntriesResponse,
  AuditInclusionResponse,
  AuditProofQuery,
} from "@halfkey/core/wire/audit"
import { Type } from "typebox"
import { answered } from "../callers.ts"
import type { App } from "../http-server.ts"
import { refusals } from "../route-parts.ts"
import { plain } from "../schemas.ts"
import type { Services } from "../services.ts"

export function auditRoutes(app: App, { auditLog }: Services): void {
  app.get("/v1/audit/entries", {
    schema: {
      summary: "Entries of the audit log that fit every filter, in order",
      tags: ["audit"],
      querystring: AuditEntriesQuery,
      response: { 200: plain(AuditEntriesResponse), ...refusals },
    },
    config: { access: { kind: "access-token", action: "audit.read" } },
    handler: async (request, reply) => answered(reply, await auditLog.entries(request.caller, request.query)),
  })

  app.get("/v1/audit/checkpoint", {
    schema: {
      summary: "The newest signed head of the audit log",
      tags: ["audit"],
      response: { 200: plain(AuditCheckpointResponse), ...refusals },
    },
    config: { access: { kind: "access-token", action: "audit.read" } },
    handler: async (request, reply) => answered(reply, await auditLog.checkpoint(request.caller)),
  })

  app.get("/v1/audit/proof", {
    schema: {
      summary: "That an entry is in the log (leaf, size), or that a log has only grown (from, to)",
      tags: ["audit"],
      querystring: AuditProofQuery,
      response: { 200: plain(Type.Union([AuditInclusionResponse, AuditConsistencyResponse])), ...refusals },
    },
    config: { access: { kind: "access-token", action: "audit.read" } },
    handler: async (request, reply) => answered(reply, await auditLog.proof(request.caller, request.query)),
  })
}
