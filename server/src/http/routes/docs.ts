/** The description of this API: for machines, and for people. Made when somebody asks for it first. */
import { Type } from "typebox"
import type { App } from "../http-server.ts"

let made: Promise<{ readonly json: string; readonly html: string }> | undefined

async function make() {
  // Loaded here and not at start: few processes ever need it, and it takes memory.
  const [{ openApiDocument, openApiText }, { docsPage }] = await Promise.all([
    import("../openapi.ts"),
    import("../docs-page.ts"),
  ])
  const document = await openApiDocument()
  return { json: openApiText(document), html: docsPage(document) }
}

export function docsRoutes(app: App): void {
  app.get("/openapi.json", {
    schema: { summary: "This API as OpenAPI 3.1", tags: ["operations"], response: { 200: Type.Unknown() } },
    config: { access: { kind: "public", reason: "the same for every server" } },
    handler: async (_request, reply) => {
      made ??= make()
      const { json } = await made
      return reply.type("application/json; charset=utf-8").send(Buffer.from(json))
    },
  })

  app.get("/docs", {
    schema: { summary: "This API for reading", tags: ["operations"], response: { 200: Type.String() } },
    config: { access: { kind: "public", reason: "the same for every server" } },
    handler: async (_request, reply) => {
      made ??= make()
      const { html } = await made
      reply.header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
      reply.type("text/html; charset=utf-8")
      return html
    },
  })
}
