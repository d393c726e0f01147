/** The two sides of `halfkey diff`: environments, a file, or versions of one secret. */
import { statSync } from "node:fs"
import { resolve } from "node:path"
import { requireSecretName } from "@halfkey/core/formats/secret-name"
import { type Secret, type Secrets, unwrap } from "halfkey/secrets"
import type { Context } from "../context.ts"
import { usageError } from "../failure.ts"
import { readSecretsFile } from "./read-file.ts"
import type { SourceFormat } from "./source.ts"

export interface Side {
  /** What it is called in the heading. */
  readonly title: string
  readonly values: ReadonlyMap<string, Uint8Array>
}

/** A version of a secret; without a number, the current one. */
export interface VersionName {
  readonly name: string
  readonly version?: number | undefined
}

export type Comparison =
  | { readonly kind: "environments"; readonly from: string; readonly to: string }
  | { readonly kind: "file"; readonly file: string; readonly format: SourceFormat | undefined }
  | { readonly kind: "versions"; readonly from: VersionName; readonly to: VersionName }

const usage = "halfkey diff staging production, or -e staging --file .env, or -e staging NAME@1 NAME@2"

/** What the words behind `halfkey diff` mean. Throws a usage error. */
export function comparisonFrom(
  words: readonly string[],
  file: string | undefined,
  format: SourceFormat | undefined,
): Comparison {
  const [first, second] = words
  if (file !== undefined && words.length === 0) return { kind: "file", file, format }
  if (format !== undefined) throw usageError("--format belongs to --file", usage)
  if (file !== undefined || first === undefined || words.length > 2) throw usageError("name two sides", usage)
  if (first.includes("@")) {
    const from = versionName(first)
    const to = second === undefined ? { name: from.name } : versionName(second)
    if (from.name === to.name) return { kind: "versions", from, to }
    throw usageError("versions of two secrets were named", `halfkey diff ${from.name}@1 ${from.name}@2`)
  }
  if (second === undefined || second.includes("@")) throw usageError("name two sides", usage)
  if (first !== second) return { kind: "environments", from: first, to: second }
  throw usageError(`${first} was named twice`, usage)
}

function versionName(word: string): VersionName {
  const [name = "", digits = ""] = word.split("@")
  requireSecretName(name)
  const version = Number(digits)
  if (/^[1-9]\d*$/.test(digits) && Number.isSafeInteger(version)) return { name, version }
  throw usageError(`behind ${name}@ a number of a version belongs`, `halfkey history ${name}`)
}

/** Reads both. Everything is opened here; the server compares nothing. */
export async function readSides(context: Context, comparison: Comparison): Promise<readonly [Side, Side]> {
  if (comparison.kind === "environments") {
    const secrets = await context.secrets()
    const { from, to } = comparison
    return [
      await environmentSide(secrets, from, () => rejectFile(context, from, to)),
      await environmentSide(secrets, to, () => rejectFile(context, to, from)),
    ]
  }
  const environment = context.environment()
  context.connection()
  if (comparison.kind === "file") {
    const { file, format } = comparison
    const values = await readSecretsFile(context, file, format)
    const side = await environmentSide(await context.secrets(), environment)
    return [side, { title: file === "-" ? "stdin" : file, values }]
  }
  const secrets = await context.secrets()
  const from = await versionSide(secrets, comparison.from, environment)
  return [from, await versionSide(secrets, comparison.to, environment)]
}

async function environmentSide(secrets: Secrets, environment: string, onFailure = () => {}): Promise<Side> {
  const read = await secrets.readAll({ environment })
  if (read.failure !== undefined) onFailure()
  return { title: environment, values: valuesOf(unwrap(read)) }
}

/** A file was meant, though only `--file` takes one. */
function rejectFile(context: Context, word: string, other: string): void {
  if (statSync(resolve(context.cwd, word), { throwIfNoEntry: false })?.isFile() !== true) return
  throw usageError(`${word} is a file, and no environment`, `halfkey diff -e ${other} --file ${word}`)
}

async function versionSide(secrets: Secrets, { name, version }: VersionName, environment: string): Promise<Side> {
  if (version !== undefined) {
    const secret = unwrap(await secrets.getVersion(name, version, { environment }))
    return { title: `${name}@${version}`, values: valuesOf([secret]) }
  }
  const found = unwrap(await secrets.readMany([name], { environment }))
  return { title: `${name}@${found[0]?.version}`, values: valuesOf(found) }
}

function valuesOf(secrets: readonly Secret[]): ReadonlyMap<string, Uint8Array> {
  return new Map(secrets.map(({ name, value }) => [name, value]))
}
