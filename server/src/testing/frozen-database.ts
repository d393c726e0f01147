/** Databases as earlier versions left them, with the keys that open them: `store/migrations/frozen`. For tests only. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"

const folder = join(import.meta.dirname, "../store/migrations/frozen")

export interface Credentials {
  readonly workspaceCRN: string
  readonly clientId: string
  readonly clientKey: string
  readonly apiKey: string
}

export interface Frozen {
  readonly rootKey: string
  readonly admin: Credentials
  /** May read production. */
  readonly ci: Credentials
  readonly production: Readonly<Record<string, string>>
  readonly staging: Readonly<Record<string, string>>
  /** Version 1 of DATABASE_URL in production. */
  readonly old: string
}

/** The schemas that there is a database of, ascending. */
export const frozenSchemas: readonly number[] = readdirSync(folder)
  .flatMap((name) => /^(\d{4})\.json$/.exec(name)?.[1] ?? [])
  .map(Number)
  .sort((one, other) => one - other)

/** Makes a data directory of the one of this schema, as if its server had just been stopped. */
export function thaw(schema: number, directory: string): Frozen {
  const name = join(folder, String(schema).padStart(4, "0"))
  const frozen = JSON.parse(readFileSync(`${name}.json`, "utf8")) as Frozen
  mkdirSync(directory, { mode: 0o700 })
  writeFileSync(join(directory, "halfkey.db"), gunzipSync(readFileSync(`${name}.db.gz`)), { mode: 0o600 })
  writeFileSync(join(directory, "root.key"), `${frozen.rootKey}\n`, { mode: 0o600 })
  return frozen
}
