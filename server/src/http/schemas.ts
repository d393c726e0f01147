/** The wire schemas of core in the form that serializes fastest, and a validator for each part of a request. */
import type { FastifyInstance, FastifySchemaValidationError } from "fastify"
import type { TSchema } from "typebox"
import { Compile } from "typebox/compile"

type JsonSchema = { [name: string]: unknown }

/**
 * The same schema without unions of plain types: `anyOf` string or null becomes `type: [string, null]`, `anyOf` of
 * constants an `enum`. The serializer checks such a type at once, and has to try the branches of a union.
 */
export function plain<Schema extends TSchema>(schema: Schema): Schema {
  return simplified(schema) as Schema
}

function simplified(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(simplified)
  if (typeof value !== "object" || value === null) return value
  const copy: JsonSchema = {}
  for (const [name, member] of Object.entries(value)) copy[name] = simplified(member)
  const { anyOf, ...rest } = copy as JsonSchema & { anyOf?: JsonSchema[] }
  if (anyOf === undefined) return copy
  if (anyOf.every((each) => "const" in each)) {
    return { ...rest, type: "string", enum: anyOf.map((each) => each["const"]) }
  }
  const [first, second] = anyOf
  if (anyOf.length !== 2 || first === undefined || second?.["type"] !== "null") return copy
  const nullable = { ...first, ...rest, type: [first["type"], "null"] } as JsonSchema
  if (Array.isArray(nullable["enum"])) nullable["enum"] = [...nullable["enum"], null]
  return nullable
}

/** Validates with TypeBox's own compiler. Bodies are taken as they are; query strings are read as what they stand for. */
export function useTypeBoxValidation(app: FastifyInstance): void {
  app.setValidatorCompiler<TSchema>(({ schema, httpPart }) => {
    const compiled = Compile(schema)
    return (value: unknown) => {
      const converted = httpPart === "querystring" ? fromQuery(schema, value) : value
      if (compiled.Check(converted)) return { value: converted }
      return { error: compiled.Errors(beginning(converted)) as unknown as FastifySchemaValidationError[] }
    }
  })
}

/** Parts that are looked at to say what is wrong: enough for every list of a schema to be seen as too long. */
const partsExplained = 100_000
/** Deeper than any schema describes. */
const depthExplained = 16

/**
 * The beginning of a value that was refused. TypeBox goes through all of it for a few errors: a body of some megabytes
 * that is wrong everywhere would take the one thread of the server, and gigabytes, for a minute.
 */
function beginning(value: unknown): unknown {
  let parts = 0
  const copy = (from: unknown, depth: number): unknown => {
    parts++
    if (typeof from !== "object" || from === null) return from
    if (depth === depthExplained) return null
    if (Array.isArray(from)) {
      const list: unknown[] = []
      for (let index = 0; index < from.length && parts < partsExplained; index++)
        list.push(copy(from[index], depth + 1))
      return list
    }
    const object: Record<string, unknown> = Object.create(null)
    for (const name in from) {
      if (parts >= partsExplained) break
      object[name] = copy((from as Record<string, unknown>)[name], depth + 1)
    }
    return object
  }
  return copy(value, 0)
}

function fromQuery(schema: TSchema, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value
  const properties = (schema as { readonly properties?: Record<string, { readonly type?: string }> }).properties ?? {}
  const converted: Record<string, unknown> = { ...value }
  for (const [name, text] of Object.entries(converted)) {
    const type = properties[name]?.type
    if (type === "integer" && typeof text === "string" && /^\d{1,16}$/.test(text)) converted[name] = Number(text)
    if (type === "boolean" && (text === "true" || text === "false")) converted[name] = text === "true"
  }
  return converted
}
