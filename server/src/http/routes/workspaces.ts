/** Workspaces and rosters. */
import {
  CreateWorkspaceRequest,
  CreateWorkspaceResponse,
  RosterChain,
  RosterChange,
  Workspace,
} from "@halfkey/core/wire/workspace"
import { answered } from "../callers.ts"
import type { App } from "../http-server.ts"
import { documentsBodyLimit, refusals } from "../route-parts.ts"
import { plain } from "../schemas.ts"
import type { Services } from "../services.ts"

export function workspaceRoutes(app: App, { workspaces, rosters }: Services): void {
  app.post("/v1/workspaces", {
    schema: {
      summary: "Create a workspace that was made and signed on the caller's machine",
      tags: ["workspaces"],
      body: CreateWorkspaceRequest,
      response: { 201: plain(CreateWorkspaceResponse), ...refusals },
    },
    bodyLimit: documentsBodyLimit,
    config: { access: { kind: "setup-token" } },
    handler: async (request, reply) => {
      const answer = answered(reply, await workspaces.create(request.caller, request.body))
      return reply.code(201).send(answer)
    },
  })

  app.get("/v1/workspace", {
    schema: {
      summary: "The caller's own workspace",
      tags: ["workspaces"],
      response: { 200: plain(Workspace), ...refusals },
    },
    config: { access: { kind: "access-token", action: "workspace.read" } },
    handler: async (request, reply) => answered(reply, await workspaces.read(request.caller)),
  })

  app.get("/v1/roster", {
    schema: {
      summary: "Who may sign membership: the whole chain",
      tags: ["workspaces"],
      response: { 200: plain(RosterChain), ...refusals },
    },
    config: { access: { kind: "access-token", action: "roster.read" } },
    handler: async (request, reply) => answered(reply, await rosters.read(request.caller)),
  })

  app.put("/v1/roster", {
    schema: {
      summary:
        "Replace the roster by its successor, with the manifests that are signed again (compare-and-set on `seq`)",
      tags: ["workspaces"],
      body: RosterChange,
      response: { 200: plain(RosterChain), ...refusals },
    },
    bodyLimit: documentsBodyLimit,
    config: { access: { kind: "access-token", action: "roster.update" } },
    handler: async (request, reply) => answered(reply, await rosters.update(request.caller, request.body)),
  })
}
