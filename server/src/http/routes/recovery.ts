/** Recovery with the workspace's root: for who has nothing left but the recovery kit. */
import {
  RecoveryCommitRequest,
  RecoveryCommitResponse,
  RecoveryReadRequest,
  RecoveryReadResponse,
} from "@halfkey/core/wire/recovery"
import { answered } from "../callers.ts"
import type { App } from "../http-server.ts"
import { documentsBodyLimit, refusals } from "../route-parts.ts"
import { plain } from "../schemas.ts"
import type { Services } from "../services.ts"

export function recoveryRoutes(app: App, { recovery }: Services): void {
  app.post("/v1/recovery/read", {
    schema: {
      summary: "Every key set's documents and recovery grants, for the holder of the recovery kit",
      tags: ["recovery"],
      body: RecoveryReadRequest,
      response: { 200: plain(RecoveryReadResponse), ...refusals },
    },
    config: { access: { kind: "workspace-root", action: "recovery.read" } },
    handler: async (request, reply) => answered(reply, await recovery.read(request.caller, request.body)),
  })

  app.post("/v1/recovery/commit", {
    schema: {
      summary: "A new admin in the place of every client and API key",
      tags: ["recovery"],
      body: RecoveryCommitRequest,
      response: { 201: plain(RecoveryCommitResponse), ...refusals },
    },
    bodyLimit: documentsBodyLimit,
    config: { access: { kind: "workspace-root", action: "recovery.commit" } },
    handler: async (request, reply) => {
      const answer = answered(reply, await recovery.commit(request.caller, request.body))
      return reply.code(201).send(answer)
    },
  })
}
