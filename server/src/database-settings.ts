/** How PostgreSQL is reached: `HALFKEY_DATABASE_URL=postgres://…`, with parameters as libpq spells them. */
import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { type ConnectionOptions, createSecureContext } from "node:tls"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { isLoopback } from "./addresses.ts"
import { type Environment, integer, invalid, setting } from "./setting.ts"
import type { PostgresSettings } from "./store/postgres/pool.ts"

const variable = "HALFKEY_DATABASE_URL"
const example = "postgres://halfkey@db.example.com/halfkey?sslmode=verify-full&sslrootcert=/etc/halfkey/ca.pem"
const parameters = ["host", "sslmode", "sslrootcert", "sslcert", "sslkey"]
const modes = ["disable", "require", "verify-ca", "verify-full"]

export const isPostgresUrl = (url: string) => /^postgres(?:ql)?:/.test(url)

/** `undefined` where the URL is of another kind. Throws `invalid_configuration`, without the URL: a password may be in it. */
export function readPostgresSettings(env: Environment): PostgresSettings | undefined {
  const text = setting(env, variable)
  if (text === undefined || !isPostgresUrl(text)) return undefined
  const url = parse(text)
  const host = url.searchParams.get("host") ?? decode(url.hostname).replace(/^\[(.*)\]$/, "$1")
  const [user, database] = [decode(url.username), decode(url.pathname.slice(1))]
  if (host === "" || user === "" || database === "") {
    throw invalid(variable, "it must name a user, a host and a database", `such as ${example}`)
  }
  return {
    host,
    port: url.port === "" ? 5432 : Number(url.port),
    user,
    database,
    password: password(env, decode(url.password)),
    tls: tls(host, url.searchParams),
    poolSize: integer(env, "HALFKEY_DATABASE_POOL", 10, 2, 200),
    statementTimeoutMs: integer(env, "HALFKEY_DATABASE_STATEMENT_TIMEOUT", 10, 1, 600) * 1000,
    startTimeoutMs: integer(env, "HALFKEY_DATABASE_START_TIMEOUT", 60, 0, 3600) * 1000,
  }
}

function parse(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined) throw invalid(variable, "it is no URL", `such as ${example}`)
  const unknown = [...url.searchParams.keys()].find((name) => !parameters.includes(name))
  if (unknown === undefined) return url
  throw invalid(variable, "it has a parameter that this server does not know", `it knows ${parameters.join(", ")}`)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid(variable, "a part of it is not percent-encoded as it should be", `such as ${example}`)
  }
}

/** Read again for each connection, so that a new password needs no restart. */
function password(env: Environment, inUrl: string): (() => string) | undefined {
  const file = setting(env, "HALFKEY_DATABASE_PASSWORD_FILE")
  if (file === undefined) return inUrl === "" ? undefined : () => inUrl
  if (inUrl !== "") {
    throw invalid("HALFKEY_DATABASE_PASSWORD_FILE", `${variable} holds a password too`, "take it out of the URL")
  }
  const path = resolve(file)
  const read = () => fileText("HALFKEY_DATABASE_PASSWORD_FILE", path).replace(/\r?\n$/, "")
  if (read() === "")
    throw invalid("HALFKEY_DATABASE_PASSWORD_FILE", `the file ${path} is empty`, "write the password into it")
  return read
}

function tls(host: string, url: URLSearchParams): ConnectionOptions | false {
  const mode = url.get("sslmode") ?? (isNear(host) ? "disable" : "verify-full")
  if (!modes.includes(mode)) {
    throw invalid(
      variable,
      "its sslmode is none that this server takes",
      `use one of ${modes.join(", ")}; allow and prefer protect nobody`,
    )
  }
  if (mode === "disable") return false
  const [root, cert, key] = ["sslrootcert", "sslcert", "sslkey"].map((name) => url.get(name) ?? undefined)
  if ((cert === undefined) !== (key === undefined)) {
    throw invalid(variable, "of sslcert and sslkey only one is there", "set both, to files in PEM form")
  }
  const isOwnRoot = root !== undefined && root !== "system"
  // As libpq: with a root certificate, `require` is as strict as `verify-ca`.
  const isVerified = mode !== "require" || isOwnRoot
  const options: ConnectionOptions = {
    host,
    rejectUnauthorized: isVerified,
    ...(isOwnRoot && { ca: fileText(variable, resolve(root)) }),
    ...(cert !== undefined &&
      key !== undefined && { cert: fileText(variable, resolve(cert)), key: fileText(variable, resolve(key)) }),
    ...(mode !== "verify-full" && { checkServerIdentity: () => undefined }),
  }
  try {
    createSecureContext(options)
  } catch (cause) {
    throw invalid(
      variable,
      "its sslrootcert, sslcert and sslkey are not what they should be",
      "files in PEM form",
      cause,
    )
  }
  return options
}

function fileText(name: string, path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unknown"
    throw new HalfkeyError("invalid_configuration", `${name}: the file ${path} cannot be read (${code})`, {
      hint: "check the path and its permissions",
      cause,
    })
  }
}

/** Whether nobody else sees what is sent there: a Unix socket, or this machine. */
function isNear(host: string): boolean {
  return host.startsWith("/") || isLoopback(host)
}
