/**
 * The part of Standard Schema (https://standardschema.dev, version 1) that is needed here: an interface that zod, valibot,
 * arktype and others have. Copied, as its authors intend, so that nobody needs a package for it.
 */

export interface StandardSchema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardSchemaResult<Output> | Promise<StandardSchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

/** What a schema makes of a value. */
export type StandardSchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardSchemaIssue[] }

/** One thing that a schema says against a value. */
export interface StandardSchemaIssue {
  /** May quote the value: it never gets into a failure. */
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** What a schema takes. */
export type SchemaInput<Schema extends StandardSchema> = NonNullable<Schema["~standard"]["types"]>["input"]
/** What a schema gives. */
export type SchemaOutput<Schema extends StandardSchema> = NonNullable<Schema["~standard"]["types"]>["output"]

/** Some schemas are functions, as those of arktype. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false
  const standard: unknown = (value as { readonly "~standard"?: unknown })["~standard"]
  return typeof standard === "object" && standard !== null && "validate" in standard
}
