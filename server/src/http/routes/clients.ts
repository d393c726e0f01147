/** Clients. */
import { Client, ClientList, CreateClientRequest, CreateClientResponse } from "@halfkey/core/wire/clients"
import { answered } from "../callers.ts"
import type { App } from "../http-server.ts"
import { documentsBodyLimit, IdParams, refusals } from "../route-parts.ts"
import { plain } from "../schemas.ts"
import type { Services } from "../services.ts"

export function clientRoutes(app: App, { clients }: Services): void {
  app.get("/v1/clients", {
    schema: {
      summary: "Every client of the workspace, revoked ones too",
      tags: ["clients"],
      response: { 200: plain(ClientList), ...refusals },
    },
    config: { access: { kind: "access-token", action: "client.list" } },
    handler: async (request, reply) => answered(reply, await clients.list(request.caller)),
  })

  app.post("/v1/clients", {
    schema: {
      summary: "Register a client and make it a member of key sets",
      tags: ["clients"],
      body: CreateClientRequest,
      response: { 201: plain(CreateClientResponse), ...refusals },
    },
    bodyLimit: documentsBodyLimit,
    config: { access: { kind: "access-token", action: "client.create" } },
    handler: async (request, reply) => {
      const answer = answered(reply, await clients.create(request.caller, request.body))
      return reply.code(201).send(answer)
    },
  })

  app.delete("/v1/clients/:id", {
    schema: {
      summary: "Revoke a client: its tokens and seeds stop at once",
      tags: ["clients"],
      params: IdParams,
      response: { 200: plain(Client), ...refusals },
    },
    config: { access: { kind: "access-token", action: "client.revoke" } },
    handler: async (request, reply) => answered(reply, await clients.revoke(request.caller, request.params.id)),
  })
}
