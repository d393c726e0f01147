/** Settings of the server, from the environment. Every wrong one is told by its name, before anything is opened. */
import { readFileSync, realpathSync } from "node:fs"
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path"
import { createSecureContext } from "node:tls"
import { defaultRegion, isRegion } from "@halfkey/core/formats/crn"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { valueMaxLength } from "@halfkey/core/formats/record"
import { isLoopback, parseNetwork } from "./addresses.ts"
import { isPostgresUrl, readPostgresSettings } from "./database-settings.ts"
import { type Environment, integer, invalid, setting } from "./setting.ts"
import type { PostgresSettings } from "./store/postgres/pool.ts"
import { readStreamSettings, type StreamSettings } from "./streams/stream-settings.ts"

export const logLevels = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const

export interface Config {
  readonly host: string
  readonly port: number
  /** Absolute. */
  readonly dataDirectory: string
  /** Its group may write to it. */
  readonly allowSharedDataDirectory: boolean
  /** Absolute path of the SQLite file, where `postgres` is `undefined`. */
  readonly databasePath: string
  /** The PostgreSQL database, in the place of SQLite. */
  readonly postgres: PostgresSettings | undefined
  readonly region: string
  readonly logLevel: (typeof logLevels)[number]
  readonly rootKey: RootKeySource
  /** What `rootKey` will be after `halfkey-server root-key rotate`; nothing else looks at it. */
  readonly newRootKey: RootKeySource | undefined
  /** Most bytes of a secret's value. */
  readonly valueMaxLength: number
  /** How long a destroyed environment can be undone, in days. */
  readonly destroyAfterDays: number
  /** Requests a second of each API key or device; 0: no limit. */
  readonly rateLimit: number
  /** Refused proofs a second of each address; 0: no limit. */
  readonly refusedRateLimit: number
  /** PEM. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined
  /** Addresses or CIDR networks. */
  readonly trustedProxies: readonly string[]
  /** Where audit entries go as they are written. */
  readonly streams: StreamSettings
}

export type RootKeySource =
  /** `isDefault`: the file that the server makes itself. `isOurs`: in the data directory, so that its mode is ours to ask for. */
  | {
      readonly kind: "file"
      readonly variable: string
      readonly path: string
      readonly isDefault: boolean
      readonly isOurs: boolean
    }
  | { readonly kind: "env"; readonly variable: string; readonly value: string }
  /** A file with a passphrase. */
  | { readonly kind: "passphrase"; readonly variable: string; readonly path: string }

/** Reads and checks every setting. Throws `invalid_configuration` or `insecure_listen`. */
export function readConfig(env: Environment): Config {
  const dataDirectory = resolve(setting(env, "HALFKEY_DATA_DIR") ?? ".halfkey")
  const config: Config = {
    host: setting(env, "HALFKEY_HOST") ?? "127.0.0.1",
    port: integer(env, "HALFKEY_PORT", 4253, 0, 65_535),
    dataDirectory,
    allowSharedDataDirectory: setting(env, "HALFKEY_ALLOW_SHARED_DATA_DIR") === "1",
    databasePath: databasePath(env, dataDirectory),
    postgres: readPostgresSettings(env),
    region: region(env),
    logLevel: logLevel(env),
    rootKey: rootKeySource(env, "HALFKEY_ROOT_KEY", dataDirectory) ?? ownRootKeyFile(dataDirectory),
    newRootKey: rootKeySource(env, "HALFKEY_NEW_ROOT_KEY", dataDirectory),
    valueMaxLength: integer(env, "HALFKEY_VALUE_MAX_LENGTH", valueMaxLength, 1, 1024 * 1024),
    destroyAfterDays: integer(env, "HALFKEY_DESTROY_AFTER_DAYS", 7, 0, 3650),
    rateLimit: integer(env, "HALFKEY_RATE_LIMIT", 2000, 0, 1_000_000),
    refusedRateLimit: integer(env, "HALFKEY_RATE_LIMIT_REFUSED", 50, 0, 1_000_000),
    tls: tls(env),
    trustedProxies: trustedProxies(env),
    streams: readStreamSettings(env),
  }
  requireSafeListen(config, setting(env, "HALFKEY_ALLOW_INSECURE_LISTEN") === "1")
  return config
}

function databasePath(env: Environment, dataDirectory: string): string {
  const url = setting(env, "HALFKEY_DATABASE_URL")
  if (url === undefined || isPostgresUrl(url)) return join(dataDirectory, "halfkey.db")
  const path = url.startsWith("sqlite:") ? url.slice("sqlite:".length) : ""
  if (path !== "" && !path.startsWith(":") && !path.startsWith("//")) return resolve(path)
  throw invalid(
    "HALFKEY_DATABASE_URL",
    "it is neither sqlite:<path> nor postgres://…",
    "leave it out, or set HALFKEY_DATABASE_URL=sqlite:/var/lib/halfkey/halfkey.db",
  )
}

function region(env: Environment): string {
  const text = setting(env, "HALFKEY_REGION") ?? defaultRegion
  if (isRegion(text)) return text
  throw invalid("HALFKEY_REGION", "it must be <region>.<provider>", `set HALFKEY_REGION=${defaultRegion}, the default`)
}

function logLevel(env: Environment): Config["logLevel"] {
  const text = setting(env, "HALFKEY_LOG_LEVEL") ?? "info"
  const level = logLevels.find((each) => each === text)
  if (level !== undefined) return level
  throw invalid("HALFKEY_LOG_LEVEL", "there is no such level", `use one of ${logLevels.join(", ")}`)
}

/** From the variable of this name, or from one of the two that name a file. */
function rootKeySource(env: Environment, name: string, dataDirectory: string): RootKeySource | undefined {
  const variables = [name, `${name}_FILE`, `${name}_PASSPHRASE_FILE`]
  const [variable, other] = variables.filter((each) => setting(env, each) !== undefined)
  if (variable === undefined) return undefined
  if (other !== undefined) throw invalid(variable, `${other} is set too`, "set only one of the two")
  const value = setting(env, variable) ?? ""
  if (variable === name) return { kind: "env", variable, value }
  const path = resolve(value)
  return variable.endsWith("_PASSPHRASE_FILE")
    ? { kind: "passphrase", variable, path }
    : { kind: "file", variable, path, ...placeOf(path, dataDirectory) }
}

/** By the real directories: a file in the data directory is there by whatever links it is named. */
function placeOf(path: string, dataDirectory: string): { isDefault: boolean; isOurs: boolean } {
  const way = relative(realPathOf(dataDirectory), join(realPathOf(dirname(path)), basename(path)))
  const isOurs = way !== "" && way.split(sep)[0] !== ".." && !isAbsolute(way)
  return { isDefault: way === "root.key", isOurs }
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

function ownRootKeyFile(dataDirectory: string): RootKeySource {
  return {
    kind: "file",
    variable: "HALFKEY_ROOT_KEY_FILE",
    path: join(dataDirectory, "root.key"),
    isDefault: true,
    isOurs: true,
  }
}

function tls(env: Environment): Config["tls"] {
  const [cert, key] = [setting(env, "HALFKEY_TLS_CERT"), setting(env, "HALFKEY_TLS_KEY")]
  if (cert === undefined && key === undefined) return undefined
  if (cert === undefined || key === undefined) {
    const [set, missing] = cert === undefined ? ["KEY", "CERT"] : ["CERT", "KEY"]
    throw invalid(`HALFKEY_TLS_${set}`, `HALFKEY_TLS_${missing} is missing`, "set both, to files in PEM form")
  }
  const pem = { cert: pemFile("HALFKEY_TLS_CERT", cert), key: pemFile("HALFKEY_TLS_KEY", key) }
  try {
    createSecureContext(pem)
  } catch (cause) {
    throw invalid("HALFKEY_TLS_CERT", "with HALFKEY_TLS_KEY it makes no pair in PEM form", "check both files", cause)
  }
  return pem
}

function pemFile(name: string, path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unknown"
    throw invalid(name, `the file ${path} cannot be read (${code})`, "check the path and its permissions", cause)
  }
}

function trustedProxies(env: Environment): string[] {
  const list = (setting(env, "HALFKEY_TRUSTED_PROXIES") ?? "").split(",").map((each) => each.trim())
  const proxies = list.filter((each) => each !== "")
  for (const proxy of proxies) {
    const network = parseNetwork(proxy)
    if (network === undefined)
      throw invalid("HALFKEY_TRUSTED_PROXIES", "it must list addresses or networks", "as 10.0.0.5,10.1.0.0/16")
    if (network.prefix > 0) continue
    throw invalid(
      "HALFKEY_TRUSTED_PROXIES",
      "with a network of everything, anybody could claim any address",
      "list the addresses of your proxies, as 10.0.0.5,10.1.0.0/16",
    )
  }
  return proxies
}

/** API keys and tokens must not cross a network in the clear because of a default. */
function requireSafeListen({ host, tls, trustedProxies }: Config, allowed: boolean): void {
  if (isLoopback(host) || allowed || tls !== undefined || trustedProxies.length > 0) return
  throw new HalfkeyError("insecure_listen", `HALFKEY_HOST=${host} is beyond loopback, and there is no TLS`, {
    hint: "set HALFKEY_TLS_CERT and HALFKEY_TLS_KEY, or HALFKEY_TRUSTED_PROXIES, or HALFKEY_ALLOW_INSECURE_LISTEN=1",
  })
}
