/** The vault. */
import { ResealRequest, ResealResponse, StaleRequest, StaleResponse } from "@halfkey/core/wire/rotation"
import {
  CommitRequest,
  CommitResponse,
  HistoryQuery,
  HistoryResponse,
  ListQuery,
  ListResponse,
  PrepareRequest,
  PrepareResponse,
  ReadRequest,
  ReadResponse,
} from "@halfkey/core/wire/secrets"
import { Type } from "typebox"
import { answered } from "../callers.ts"
import type { App } from "../http-server.ts"
import { readAnswerBytes } from "../read-answer.ts"
import { refusals } from "../route-parts.ts"
import { plain } from "../schemas.ts"
import type { Services } from "../services.ts"

/** Many records at once. */
const commitBodyLimit = 48 * 1024 * 1024

const NameParams = Type.Object({ name: Type.String({ maxLength: 2500 }) })

export function secretRoutes(app: App, { reads, reseals, writes }: Services): void {
  app.post("/v1/secrets/read", {
    schema: {
      summary: "Records, seeds and, when they changed, documents, in one answer",
      tags: ["secrets"],
      body: ReadRequest,
      response: { 200: plain(ReadResponse), ...refusals },
    },
    config: { access: { kind: "access-token", action: "secret.read" } },
    // The hottest route: what the serializer would do for each answer is done once for each record.
    handler: async (request, reply) => {
      const body = readAnswerBytes(answered(reply, await reads.read(request.caller, request.body)))
      return reply.type("application/json; charset=utf-8").send(body as never)
    },
  })

  app.post("/v1/secrets/prepare", {
    schema: {
      summary: "Next versions, key ids and seeds for sealing",
      tags: ["secrets"],
      body: PrepareRequest,
      response: { 200: plain(PrepareResponse), ...refusals },
    },
    config: { access: { kind: "access-token", action: "secret.prepare" } },
    handler: async (request, reply) => answered(reply, await writes.prepare(request.caller, request.body)),
  })

  app.post("/v1/secrets/commit", {
    schema: {
      summary: "Write sealed records: all or nothing, compare-and-set, idempotent",
      tags: ["secrets"],
      body: CommitRequest,
      response: { 200: plain(CommitResponse), ...refusals },
    },
    bodyLimit: commitBodyLimit,
    config: { access: { kind: "access-token", action: "secret.commit" } },
    handler: async (request, reply) => answered(reply, await writes.commit(request.caller, request.body)),
  })

  app.post("/v1/secrets/stale", {
    schema: {
      summary: "What a rotation has left: versions whose records are not of the newest epoch",
      tags: ["secrets"],
      body: StaleRequest,
      response: { 200: plain(StaleResponse), ...refusals },
    },
    config: { access: { kind: "access-token", action: "secret.stale" } },
    handler: async (request, reply) => answered(reply, await reseals.stale(request.caller, request.body)),
  })

  app.post("/v1/secrets/reseal", {
    schema: {
      summary: "Replace records by such of the newest epoch: same versions, compare-and-set, idempotent",
      tags: ["secrets"],
      body: ResealRequest,
      response: { 200: plain(ResealResponse), ...refusals },
    },
    bodyLimit: commitBodyLimit,
    config: { access: { kind: "access-token", action: "secret.reseal" } },
    handler: async (request, reply) => answered(reply, await reseals.reseal(request.caller, request.body)),
  })

  app.get("/v1/secrets", {
    schema: {
      summary: "Names and versions, in order of name",
      tags: ["secrets"],
      querystring: ListQuery,
      response: { 200: plain(ListResponse), ...refusals },
    },
    config: { access: { kind: "access-token", action: "secret.list" } },
    handler: async (request, reply) => answered(reply, await reads.list(request.caller, request.query)),
  })

  app.get("/v1/secrets/:name/versions", {
    schema: {
      summary: "All versions of one name, newest first; `/` in a name is written %2F",
      tags: ["secrets"],
      params: NameParams,
      querystring: HistoryQuery,
      response: { 200: plain(HistoryResponse), ...refusals },
    },
    config: { access: { kind: "access-token", action: "secret.history" } },
    handler: async (request, reply) =>
      answered(reply, await reads.history(request.caller, request.query.environment, request.params.name)),
  })
}
