/** API keys. */
import {
  ApiKey,
  ApiKeyList,
  CreatedApiKey,
  NewApiKey,
  RotateApiKeyRequest,
  RotatedApiKey,
} from "@halfkey/core/wire/clients"
import { answered } from "../callers.ts"
import type { App } from "../http-server.ts"
import { IdParams, refusals } from "../route-parts.ts"
import { plain } from "../schemas.ts"
import type { Services } from "../services.ts"

export function apiKeyRoutes(app: App, { apiKeys }: Services): void {
  app.get("/v1/api-keys", {
    schema: {
      summary: "Every API key of the workspace, without its secret",
      tags: ["API keys"],
      response: { 200: plain(ApiKeyList), ...refusals },
    },
    config: { access: { kind: "access-token", action: "api-key.list" } },
    handler: async (request, reply) => answered(reply, await apiKeys.list(request.caller)),
  })

  app.post("/v1/api-keys", {
    schema: {
      summary: "Create an API key; the answer shows its secret, once",
      tags: ["API keys"],
      body: NewApiKey,
      response: { 201: plain(CreatedApiKey), ...refusals },
    },
    config: { access: { kind: "access-token", action: "api-key.create" } },
    handler: async (request, reply) => {
      const answer = answered(reply, await apiKeys.create(request.caller, request.body))
      return reply.code(201).send(answer)
    },
  })

  app.post("/v1/api-keys/:id/rotate", {
    schema: {
      summary: "Put a new API key in the place of one, which works on during an overlap",
      tags: ["API keys"],
      params: IdParams,
      body: RotateApiKeyRequest,
      response: { 201: plain(RotatedApiKey), ...refusals },
    },
    config: { access: { kind: "access-token", action: "api-key.rotate" } },
    handler: async (request, reply) => {
      const answer = answered(reply, await apiKeys.rotate(request.caller, request.params.id, request.body))
      return reply.code(201).send(answer)
    },
  })

  app.delete("/v1/api-keys/:id", {
    schema: {
      summary: "Revoke an API key: its tokens stop at once",
      tags: ["API keys"],
      params: IdParams,
      response: { 200: plain(ApiKey), ...refusals },
    },
    config: { access: { kind: "access-token", action: "api-key.revoke" } },
    handler: async (request, reply) => answered(reply, await apiKeys.revoke(request.caller, request.params.id)),
  })
}
