/** What the file of `--mount` holds: secrets in a format that holds them exactly. */
import { usageError } from "../failure.ts"
import { exported } from "../move/export-formats.ts"
import type { NamedValue } from "../run/child-environment.ts"

export const mountFormats = ["env", "dotenv", "json", "yaml"] as const
export type MountFormat = (typeof mountFormats)[number]

/** By the end of the file's name: `.json`, `.yaml`, `.yml`, `.sh`, `.env`, or `.env` with more behind it. Throws a usage error. */
export function mountFormatOf(path: string): MountFormat {
  if (/\.json$/i.test(path)) return "json"
  if (/\.ya?ml$/i.test(path)) return "yaml"
  if (/\.sh$/i.test(path)) return "env"
  if (/\.env(\.[^/]*)?$/i.test(path)) return "dotenv"
  throw usageError("the name of the --mount file tells no format", `--mount-format ${mountFormats.join("|")}`)
}

/** Throws `lossy_format` for what the format cannot hold. `allowed`: names that may change how a shell runs, in `env`. */
export async function contentIn(
  format: MountFormat,
  secrets: readonly NamedValue[],
  { prefix = "", allowed }: { readonly prefix?: string | undefined; readonly allowed: readonly string[] },
): Promise<Uint8Array> {
  const named = secrets.map(({ name, value }) => ({ name: `${prefix}${name}`, value }))
  return await exported(named, format, new Set(allowed))
}
