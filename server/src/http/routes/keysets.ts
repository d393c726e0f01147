/** Key sets and their seeds. */
import {
  GenerateRequest,
  GenerateResponse,
  KeysetBundle,
  KeysetChange,
  KeysetList,
  KeysetQuery,
  KeysetSummary,
  RetrieveRequest,
  RetrieveResponse,
  SelfWraps,
} from "@halfkey/core/wire/keysets"
import { Type } from "typebox"
import { answered } from "../callers.ts"
import type { App } from "../http-server.ts"
import { documentsBodyLimit, IdParams, refusals } from "../route-parts.ts"
import { plain } from "../schemas.ts"
import type { Services } from "../services.ts"

export function keysetRoutes(app: App, { keysets, seeds }: Services): void {
  app.get("/v1/keysets", {
    schema: {
      summary: "The key sets that the caller sees",
      tags: ["keysets"],
      response: { 200: plain(KeysetList), ...refusals },
    },
    config: { access: { kind: "access-token", action: "keyset.list" } },
    handler: async (request, reply) => answered(reply, await keysets.list(request.caller)),
  })

  app.post("/v1/keysets", {
    schema: {
      summary: "Create a key set: signed manifest, a grant for each member, the recovery grant",
      tags: ["keysets"],
      body: KeysetChange,
      response: { 201: plain(KeysetSummary), ...refusals },
    },
    bodyLimit: documentsBodyLimit,
    config: { access: { kind: "access-token", action: "keyset.create" } },
    handler: async (request, reply) => {
      const answer = answered(reply, await keysets.create(request.caller, request.body))
      return reply.code(201).send(answer)
    },
  })

  app.get("/v1/keysets/:id", {
    schema: {
      summary: "Documents and own grants of a key set, by id or name",
      tags: ["keysets"],
      params: IdParams,
      querystring: KeysetQuery,
      response: { 200: plain(KeysetBundle), ...refusals },
    },
    config: { access: { kind: "access-token", action: "keyset.read" } },
    handler: async (request, reply) =>
      answered(reply, await keysets.read(request.caller, request.params.id, request.query)),
  })

  app.put("/v1/keysets/:id", {
    schema: {
      summary: "Replace the manifest by its successor (compare-and-set on `revision`)",
      tags: ["keysets"],
      params: IdParams,
      body: KeysetChange,
      response: { 200: plain(KeysetSummary), ...refusals },
    },
    bodyLimit: documentsBodyLimit,
    config: { access: { kind: "access-token", action: "keyset.update" } },
    handler: async (request, reply) =>
      answered(reply, await keysets.update(request.caller, request.params.id, request.body)),
  })

  app.post("/v1/keysets/:id/self-wraps", {
    schema: {
      summary: "Keep the caller's own self-wraps, for quicker starts",
      tags: ["keysets"],
      params: IdParams,
      body: SelfWraps,
      response: { 204: Type.Null(), ...refusals },
    },
    config: { access: { kind: "access-token", action: "keyset.self-wrap" } },
    handler: async (request, reply) => {
      answered(reply, await keysets.saveSelfWraps(request.caller, request.params.id, request.body))
      return reply.code(204).send(null)
    },
  })

  app.post("/v1/keysets/:id/data-keys/generate", {
    schema: {
      summary: "Fresh key ids with their seeds",
      tags: ["data keys"],
      params: IdParams,
      body: GenerateRequest,
      response: { 200: plain(GenerateResponse), ...refusals },
    },
    config: { access: { kind: "access-token", action: "data-key.generate" } },
    handler: async (request, reply) =>
      answered(reply, await seeds.generate(request.caller, request.params.id, request.body.count)),
  })

  app.post("/v1/keysets/:id/data-keys/retrieve", {
    schema: {
      summary: "The seeds of known key ids",
      tags: ["data keys"],
      params: IdParams,
      body: RetrieveRequest,
      response: { 200: plain(RetrieveResponse), ...refusals },
    },
    config: { access: { kind: "access-token", action: "data-key.retrieve" } },
    handler: async (request, reply) =>
      answered(reply, await seeds.retrieve(request.caller, request.params.id, request.body)),
  })
}
