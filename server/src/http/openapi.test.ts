import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { docsPage } from "./docs-page.ts"
import { openApiDocument, openApiText } from "./openapi.ts"

const written = join(import.meta.dirname, "../../../spec/openapi.json")

test("spec/openapi.json is what the server's schemas say (tools/generate-openapi.mjs writes it)", async () => {
  assert.equal(readFileSync(written, "utf8"), openApiText(await openApiDocument()))
})

test("every reference of the document leads somewhere, and no schema is named twice", async () => {
  const document = await openApiDocument()
  const references = new Set(openApiText(document).match(/#\/components\/schemas\/\w+/g))
  assert.ok(references.size >= 5)
  for (const reference of references) {
    assert.ok(document.components.schemas[reference.split("/").at(-1) ?? ""], `${reference} is missing`)
  }
})

test("the page shows every route, holds no script and loads nothing", async () => {
  const document = await openApiDocument()
  const page = docsPage(document)
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const method of Object.keys(operations)) {
      assert.ok(page.includes(`<code>${method.toUpperCase()} ${path}</code>`), `${method} ${path} is missing`)
    }
  }
  assert.doesNotMatch(page, /<script|<link|<img|src=|url\(|javascript:/i)
  assert.doesNotMatch(page, /\bon\w+=/)
})
