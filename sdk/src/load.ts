/**
 * Secrets by schema. What a validator says can quote the value that it choked on ("was hunter2"), and what it throws too,
 * so a failure holds names only; its words go to `onIssue`, to nobody else.
 */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { secretNameProblem } from "@halfkey/core/formats/secret-name"
import { fromUtf8 } from "@halfkey/core/primitives/bytes"
import { wrongType } from "./argument-types.ts"
import type { CallOptions } from "./options.ts"
import type { Secret } from "./secret.ts"
import { checkedNames } from "./secret-arguments.ts"
import {
  isStandardSchema,
  type SchemaInput,
  type SchemaOutput,
  type StandardSchema,
  type StandardSchemaResult,
} from "./standard-schema.ts"

/** A schema for each name. */
export type Schemas = Readonly<Record<string, StandardSchema>>

/** What `load` gives for schemas by name: exactly what each of them gives. */
export type Loaded<Given extends Schemas> = { -readonly [Name in keyof Given]: SchemaOutput<Given[Name]> }

/** A schema that takes no text can fit no secret: it is an error of types where it stands. */
export type TakesText<Given extends Schemas> = {
  readonly [Name in keyof Given]: [SchemaInput<Given[Name]> & string] extends [never]
    ? "this schema takes no text: use one that converts it, such as z.coerce.number()"
    : Given[Name]
}

/** What a validator says about a secret. */
export interface LoadIssue {
  /** `undefined`: the schema says it about the whole. */
  readonly name: string | undefined
  /** The validator's own words: they can quote the value. */
  readonly message: string
}

/** Of a `load` by schemas of names. */
export interface LoadOptions extends CallOptions {
  /** Told what the validators say, word by word. Their words can quote a value: do not log them in production. */
  readonly onIssue?: ((issue: LoadIssue) => void) | undefined
}

/** Of a `load` by one schema for all. */
export interface LoadAllOptions extends LoadOptions {
  /** Read only these. Default: every secret of the environment. */
  readonly names?: readonly string[] | undefined
}

/** What is to be loaded. `names: undefined`: all. */
export interface LoadPlan {
  readonly schema: StandardSchema | Schemas
  readonly names: readonly string[] | undefined
}

/** Throws `WrongType` and `invalid_secret_name`. */
export function loadPlan(schema: unknown, { names }: LoadAllOptions): LoadPlan {
  if (isStandardSchema(schema)) return { schema, names: names && checkedNames(names) }
  if (typeof schema !== "object" || schema === null) throw wrongType("schema", "a schema, or schemas by name", schema)
  for (const [name, each] of Object.entries(schema)) {
    if (!isStandardSchema(each)) throw wrongType(`the schema of ${name}`, "a Standard Schema", each)
  }
  return { schema: schema as Schemas, names: checkedNames(Object.keys(schema)) }
}

/** Throws `secret_not_found` where names are missing and nothing else is wrong, else `schema_mismatch`; both name all. */
export async function validated(
  { names, schema }: LoadPlan,
  secrets: readonly Secret[],
  environment: string,
  onIssue: LoadOptions["onIssue"],
): Promise<unknown> {
  const texts = new Map(secrets.map(({ name, value }) => [name, textOrUndefined(value)]))
  const issues = new Issues(texts, names, onIssue)
  const loaded = isStandardSchema(schema)
    ? await validateWhole(schema, texts, issues)
    : await validateEach(schema, texts, issues)
  issues.throwIfAny(environment)
  return loaded
}

async function validateEach(
  schemas: Schemas,
  texts: ReadonlyMap<string, string | undefined>,
  issues: Issues,
): Promise<unknown> {
  const entries = Object.entries(schemas).map(async ([name, schema]) => {
    const text = texts.get(name)
    if (text === undefined && texts.has(name)) issues.add(name, "its bytes are not text")
    const result = await resultOf(schema, text)
    for (const { message } of result.issues ?? []) issues.add(name, message)
    return [name, result.issues === undefined ? result.value : undefined] as const
  })
  // fromEntries, since a secret may be called __proto__.
  return Object.fromEntries(await Promise.all(entries))
}

async function validateWhole(
  schema: StandardSchema,
  texts: ReadonlyMap<string, string | undefined>,
  issues: Issues,
): Promise<unknown> {
  // What is not text is left out: the schema may well have no use for it.
  const result = await resultOf(schema, Object.fromEntries([...texts].filter(([, text]) => text !== undefined)))
  if (result.issues === undefined) return result.value
  for (const { message, path } of result.issues) {
    const [first] = path ?? []
    issues.add(typeof first === "object" ? first.key : first, message)
  }
  return undefined
}

async function resultOf(schema: StandardSchema, value: unknown): Promise<StandardSchemaResult<unknown>> {
  try {
    const result = await schema["~standard"].validate(value)
    return result.issues !== undefined && result.issues.length === 0
      ? { issues: [{ message: "it does not fit" }] }
      : result
  } catch {
    return { issues: [{ message: "its schema threw an error" }] }
  }
}

class Issues {
  readonly #texts: ReadonlyMap<string, string | undefined>
  readonly #asked: readonly string[] | undefined
  readonly #onIssue: LoadOptions["onIssue"]
  readonly #names = new Set<string>()
  #others = false

  constructor(
    texts: ReadonlyMap<string, string | undefined>,
    asked: readonly string[] | undefined,
    onIssue: LoadOptions["onIssue"],
  ) {
    this.#texts = texts
    this.#asked = asked
    this.#onIssue = onIssue
  }

  add(key: PropertyKey | undefined, message: string): void {
    const name = typeof key === "string" && this.#isName(key) ? key : undefined
    if (name === undefined) this.#others = true
    else this.#names.add(name)
    this.#onIssue?.({ name, message })
  }

  throwIfAny(environment: string): void {
    if (this.#names.size === 0 && !this.#others) return
    const names = [...this.#names].sort()
    const missing = names.filter((name) => !this.#texts.has(name))
    const notText = names.filter((name) => this.#texts.has(name) && this.#texts.get(name) === undefined)
    const invalid = names.filter((name) => this.#texts.get(name) !== undefined)
    const onlyMissing = invalid.length + notText.length === 0 && !this.#others
    const what = [
      ...missing.map((name) => `${name} is missing`),
      ...notText.map((name) => `${name} is not text`),
      ...invalid.map((name) => `${name} does not fit`),
      ...(this.#others ? ["all of them together do not fit"] : []),
    ]
    const shown = what.length > 10 ? [...what.slice(0, 10), `and ${what.length - 10} more`] : what
    throw new HalfkeyError(
      onlyMissing ? "secret_not_found" : "schema_mismatch",
      `the secrets of ${environment} do not fit their schema: ${shown.join(", ")}`,
      {
        hint: onlyMissing
          ? `\`halfkey list -e ${environment}\` shows what there is`
          : "what a validator says can quote a value, so it is not shown here: pass onIssue to see it",
        facts: { missing, invalid: [...notText, ...invalid], environment },
      },
    )
  }

  /** A schema that takes values apart puts parts of them into its paths: those are no names. */
  #isName(key: string): boolean {
    if (this.#texts.has(key)) return true
    if (this.#asked !== undefined) return this.#asked.includes(key)
    return secretNameProblem(key) === undefined && ![...this.#texts.values()].some((text) => text?.includes(key))
  }
}

function textOrUndefined(value: Uint8Array): string | undefined {
  try {
    return fromUtf8(value)
  } catch {
    return undefined
  }
}
