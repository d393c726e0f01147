/** The API for reading: one page without scripts, written from the OpenAPI document. */
import { type JsonObject, type OpenApiDocument, type OpenApiOperation, travellingCodes } from "./openapi.ts"

const style = `
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; color: #1d2330; background: #fff }
h2 { margin-top: 3rem; border-bottom: 1px solid #d7dbe3; text-transform: capitalize }
h3 code { font-size: 1rem }
code, .type { font: 14px/1.5 ui-monospace, monospace }
.type { color: #56617a }
ul { padding-left: 1.2rem; margin: .3rem 0 }
table { border-collapse: collapse } td, th { border: 1px solid #d7dbe3; padding: .2rem .6rem; text-align: left }
details { margin: .4rem 0 } summary { cursor: pointer }
@media (prefers-color-scheme: dark) { body { color: #e4e7ee; background: #161a22 } .type { color: #9aa5bd } h2, td, th { border-color: #39414f } }
`

export function docsPage(document: OpenApiDocument): string {
  const byTag = new Map<string, string[]>()
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const tag = operation.tags?.[0] ?? "other"
      byTag.set(tag, [...(byTag.get(tag) ?? []), operationHtml(method, path, operation, document)])
    }
  }
  const sections = [...byTag].map(([tag, parts]) => `<h2>${escaped(tag)}</h2>\n${parts.join("\n")}`)
  const { title, version, description } = document.info
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)} API ${escaped(version)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escaped(title)} API <small>${escaped(version)}</small></h1>
<p>${withCode(description)}</p>
<p>For machines: <a href="/openapi.json">/openapi.json</a></p>
${sections.join("\n")}
<h2>Problem codes</h2>
${codesHtml()}
</body>
</html>
`
}

function operationHtml(method: string, path: string, operation: OpenApiOperation, document: OpenApiDocument): string {
  const parts = [
    `<h3><code>${method.toUpperCase()} ${escaped(path)}</code></h3>`,
    `<p>${withCode(operation.summary ?? "")}. ${withCode(operation.description ?? "")}</p>`,
  ]
  for (const parameter of operation.parameters ?? []) {
    const { name, in: place, schema } = parameter as { name: string; in: string; schema: JsonObject }
    parts.push(`<p>${escaped(place)} <code>${escaped(name)}</code> ${typeHtml(schema, document)}</p>`)
  }
  for (const [type, { schema }] of Object.entries(operation.requestBody?.content ?? {})) {
    parts.push(
      `<details><summary>Request, <code>${escaped(type)}</code></summary>${typeHtml(schema, document)}</details>`,
    )
  }
  for (const [status, response] of Object.entries(operation.responses)) {
    const { content = {} } = response as { content?: Record<string, { schema: JsonObject }> }
    // Refusals look the same everywhere: they are described once, below.
    if (!status.startsWith("2")) continue
    for (const { schema } of Object.values(content)) {
      parts.push(`<details><summary>Answer ${escaped(status)}</summary>${typeHtml(schema, document)}</details>`)
    }
  }
  return parts.join("\n")
}

/** A schema as nested lists. */
function typeHtml(schema: JsonObject, document: OpenApiDocument): string {
  const {
    $ref,
    type,
    properties,
    items,
    description,
    enum: values,
    required = [],
  } = schema as {
    $ref?: string
    type?: string | string[]
    properties?: Record<string, JsonObject>
    items?: JsonObject
    description?: string
    enum?: unknown[]
    required?: string[]
  }
  if ($ref !== undefined) {
    const shared = document.components.schemas[$ref.split("/").at(-1) ?? ""]
    return shared === undefined ? "" : typeHtml(shared, document)
  }
  const said = description === undefined ? "" : ` ${withCode(description)}`
  if (properties !== undefined) {
    const rows = Object.entries(properties).map(([name, property]) => {
      const optional = required.includes(name) ? "" : " (optional)"
      return `<li><code>${escaped(name)}</code>${optional} ${typeHtml(property, document)}</li>`
    })
    return `${said}<ul>${rows.join("")}</ul>`
  }
  if (items !== undefined) return `<span class="type">list of</span>${said} ${typeHtml(items, document)}`
  const kind = values === undefined ? [type ?? "any"].flat().join(" or ") : values.map((each) => `${each}`).join(" | ")
  return `<span class="type">${escaped(kind)}</span>${said}`
}

function codesHtml(): string {
  const rows = travellingCodes.map(
    ([code, { status, title }]) => `<tr><td><code>${code}</code></td><td>${status}</td><td>${escaped(title)}</td></tr>`,
  )
  return `<table><tr><th>code</th><th>status</th><th>meaning</th></tr>${rows.join("")}</table>`
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")
}

/** Text with `code` between backquotes. */
function withCode(text: string): string {
  return escaped(text).replaceAll(/`([^`]*)`/g, "<code>$1</code>")
}
