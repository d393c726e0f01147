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
      return { error: compiled.Errors(converted) as unknown as FastifySchemaValidationError[] }
    }
  })
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
