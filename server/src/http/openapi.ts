/** The API as OpenAPI 3.1, generated from the same schemas that check every request. */

import swagger from "@fastify/swagger"
import { problemCodes } from "@halfkey/core/formats/problem-codes"
import { fastify } from "fastify"
import { rules } from "../services/rules.ts"
import { version } from "../version.ts"
import { withTypes } from "./http-server.ts"
import type { RouteAccess } from "./route-access.ts"
import type { OperationsParts } from "./routes/operations.ts"
import { allRoutes } from "./routes/routes.ts"
import { useTypeBoxValidation } from "./schemas.ts"
import type { Services } from "./services.ts"

export type JsonObject = { [name: string]: unknown }

export interface OpenApiDocument extends JsonObject {
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, JsonObject>> }
}

export interface OpenApiOperation extends JsonObject {
  readonly summary?: string
  readonly description?: string
  readonly tags?: readonly string[]
  readonly parameters?: readonly JsonObject[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonObject }>> }
  readonly responses: Readonly<Record<string, JsonObject>>
}

const description = `Halfkey keeps secrets that its server cannot read: values are sealed and opened by clients only.
Bytes are base64url without padding, times RFC 3339 UTC with milliseconds, ids lower-case UUIDs. Errors are problem
documents (RFC 9457) with a stable \`code\`, those of the token endpoint RFC 6749. Every answer that was decided carries
\`halfkey-receipt\`, the leaf hash of its audit entry, and every answer \`halfkey-request-id\`.`

/** Declares all routes on a Fastify that never listens, and reads what they say about themselves. */
export async function openApiDocument(): Promise<OpenApiDocument> {
  const app = fastify({ exposeHeadRoutes: false })
  useTypeBoxValidation(app)
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "Halfkey", version, description: description.replaceAll("\n", " ") },
      components: {
        securitySchemes: {
          accessToken: { type: "http", scheme: "bearer", description: "Access token of POST /oauth/token" },
          setupToken: { type: "http", scheme: "bearer", description: "The server's one-time setup token, hkst_…" },
          clientAssertion: { type: "http", scheme: "bearer", description: "JWT signed by a client's key, S8" },
          rootAssertion: { type: "http", scheme: "bearer", description: "JWT signed by the workspace's root, S8" },
        },
      },
    },
    transform: ({ schema, url, route }) => {
      const access = route.config?.access
      return { schema: { ...(named(schema) as typeof schema), ...(access && accessOf(access)) }, url }
    },
  })
  // Handlers are declared and never called.
  await allRoutes(withTypes(app), {} as Services, {} as OperationsParts)
  await app.ready()
  const document = app.swagger() as unknown as OpenApiDocument
  await app.close()
  return withSharedSchemas(document)
}

/** The generator drops `$id`, so the names of shared schemas travel through it under another name. */
const nameMember = "x-schema-name"

function named(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(named)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name === "$id" ? nameMember : name, named(member)]),
  )
}

/** As it is written into `spec/openapi.json` and served. */
export function openApiText(document: OpenApiDocument): string {
  return `${JSON.stringify(document, undefined, 2)}\n`
}

function accessOf(access: RouteAccess): { security: Record<string, string[]>[]; description: string } {
  switch (access.kind) {
    case "public":
      return { security: [], description: `For anybody: ${access.reason}.` }
    case "api-key":
      return {
        security: [],
        description:
          "The request itself carries the proof: API key and client assertion, or a device's assertion alone.",
      }
    case "client-key":
      return { security: [{ clientAssertion: [] }], description: "Needs an assertion of the key that is filed." }
    case "setup-token":
      return { security: [{ setupToken: [] }], description: "Needs the server's one-time setup token." }
    case "workspace-root":
      return { security: [{ rootAssertion: [] }], description: "Needs an assertion of the workspace's root." }
    case "access-token": {
      const { scopes, client } = rules[access.action]
      const withClient = client ? ", and a token that a client asked for" : ""
      return { security: [{ accessToken: [] }], description: `Needs the scope ${scopes.join(" or ")}${withClient}.` }
    }
  }
}

/** Schemas with a name of their own are written once and referred to. */
function withSharedSchemas(document: OpenApiDocument): OpenApiDocument {
  const schemas: Record<string, JsonObject> = {}
  const share = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(share)
    if (typeof value !== "object" || value === null) return value
    const copy = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, share(member)]))
    if (copy["description"] === "Default Response") copy["description"] = "Done"
    const { [nameMember]: name, ...schema } = copy
    if (typeof name !== "string") return copy
    schemas[name] = schema
    return { $ref: `#/components/schemas/${name}` }
  }
  const shared = share(document) as OpenApiDocument
  const sorted = Object.fromEntries(Object.entries(schemas).sort(([left], [right]) => (left < right ? -1 : 1)))
  return { ...shared, components: { ...shared.components, schemas: sorted } }
}

/** Every code that can travel, for the page. */
export const travellingCodes = Object.entries(problemCodes).filter(([, { status }]) => status > 0)
