/** Settings: option, else variable, else default. Everything that can be checked without a request is checked here. */
import { defaultRegion, parseCrn, type WorkspaceCrn } from "@halfkey/core/formats/crn"
import { isKeysetName, requireKeysetName } from "@halfkey/core/formats/environment-name"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { type ClientId, isClientId, isKeysetId } from "@halfkey/core/formats/ids"
import { parseApiKey, parseClientKey } from "@halfkey/core/formats/text-keys"
import { wipe } from "@halfkey/core/primitives/bytes"
import { requireFunction, requireOptionalText, wrongType } from "./argument-types.ts"
import { requireAuditTypes } from "./audit-header.ts"
import { checkCacheNumbers, requireCacheTypes } from "./cache/options.ts"
import { endpointOf } from "./endpoint.ts"
import { allowInsecureEndpoint, type SecretsOptions } from "./options.ts"

export interface Configuration {
  readonly crn: WorkspaceCrn
  readonly endpoint: string
  /** `undefined` for a person's device (S9). */
  readonly apiKey: string | undefined
  /** `undefined` only for `Admin` with a `control` key. */
  readonly client: { readonly clientId: ClientId; readonly clientKey: string } | undefined
  readonly environment: string | undefined
}

/** Deadline of a call unless configured otherwise. */
export const defaultTimeoutMs = 10_000

/** The variable behind each option. */
const variables = {
  workspaceCRN: "CS_WORKSPACE_CRN",
  clientId: "CS_CLIENT_ID",
  clientKey: "CS_CLIENT_KEY",
  apiKey: "CS_CLIENT_ACCESS_KEY",
  endpoint: "CS_ENDPOINT",
  environment: "CS_ENVIRONMENT",
} as const

type Setting = keyof typeof variables
type Settings = Record<Setting, string | undefined> & {
  /** Variables that were wanted and may not be read: Deno asks its user for each. */
  readonly denied: readonly string[]
}

/** Options of a wrong type are bugs: throws `WrongType`. */
export function requireOptionTypes(options: SecretsOptions): void {
  if (typeof options !== "object" || options === null) throw wrongType("options", "an object", options)
  for (const name of [...Object.keys(variables), "accessKey", "userAgent"]) {
    requireOptionalText(options[name as Setting], name)
  }
  for (const name of ["transport", "random", "now"] as const) requireFunction(options[name], name)
  requireAuditTypes(options.audit)
  requireCacheTypes(options.cache)
  const { device, minimumRevision, timeoutMs, tracer } = options
  if (tracer !== undefined && typeof tracer?.startActiveSpan !== "function") {
    throw wrongType("tracer", "a tracer of OpenTelemetry", tracer)
  }
  if (device !== undefined && device !== true) throw wrongType("device", "true", device)
  if (timeoutMs !== undefined && typeof timeoutMs !== "number") throw wrongType("timeoutMs", "a number", timeoutMs)
  if (minimumRevision === undefined || typeof minimumRevision === "number") return
  const revisions =
    typeof minimumRevision === "object" && minimumRevision !== null ? Object.values(minimumRevision) : [""]
  if (revisions.some((revision) => typeof revision !== "number")) {
    throw wrongType("minimumRevision", "a number, or numbers by environment", minimumRevision)
  }
}

/**
 * Reads all settings. `client: "optional"` lets a `control` API key work without a client.
 * Throws `missing_configuration` naming all that is missing, else the first of `invalid_crn`, `invalid_key_text`,
 * `invalid_configuration` and `invalid_argument` that is found.
 */
export function readConfiguration(options: SecretsOptions, client: "required" | "optional"): Configuration {
  const settings = readSettings(options)
  requireSettings(settings, client, options.device === true)
  const { workspaceCRN = "", apiKey, clientId, clientKey } = settings
  const crn = parseCrn(workspaceCRN)
  if (clientId !== undefined && !isClientId(clientId)) {
    throw new HalfkeyError(
      "invalid_configuration",
      "the client id (CS_CLIENT_ID) is not one: expected a lower-case UUIDv8",
      {
        hint: "copy it again from where the client was created; `halfkey clients list` shows all ids",
      },
    )
  }
  if (clientKey !== undefined) wipe(parseClientKey(clientKey))
  if (apiKey !== undefined) wipe(parseApiKey(apiKey).secret)
  checkNumbers(options)
  checkCacheNumbers(options.cache)
  return {
    crn,
    endpoint: endpointOf(settings.endpoint, crn.region, options[allowInsecureEndpoint] === true),
    apiKey,
    client: clientId !== undefined && clientKey !== undefined ? { clientId, clientKey } : undefined,
    environment: settings.environment === undefined ? undefined : checkedEnvironment(settings.environment),
  }
}

/** The endpoint alone, for questions that need no credentials. */
export function readEndpoint(options: SecretsOptions): string {
  const { endpoint, workspaceCRN } = readSettings(options)
  const region = endpoint === undefined && workspaceCRN !== undefined ? parseCrn(workspaceCRN).region : defaultRegion
  return endpointOf(endpoint, region, options[allowInsecureEndpoint] === true)
}

/** The name or id, as given. Throws `invalid_argument` for what no environment can be called. */
export function checkedEnvironment(environment: string): string {
  if (!isKeysetName(environment) && !isKeysetId(environment)) requireKeysetName(environment)
  return environment
}

export function checkedTimeout(timeoutMs: number): number {
  if (timeoutMs > 0 && timeoutMs < Number.POSITIVE_INFINITY) return timeoutMs
  throw new HalfkeyError("invalid_argument", "timeoutMs must be a number of milliseconds above 0")
}

function readSettings(options: SecretsOptions): Settings {
  const env = options.env ?? runtimeEnvironment()
  const { accessKey, apiKey } = options
  if (options.device === true && (apiKey ?? accessKey) !== undefined) {
    throw new HalfkeyError("invalid_configuration", "a device has no API key, but both device and apiKey are set", {
      hint: "pass only one of device and apiKey",
    })
  }
  if (apiKey !== undefined && accessKey !== undefined && apiKey !== accessKey) {
    throw new HalfkeyError("invalid_configuration", "apiKey and accessKey are two names of one setting, but differ", {
      hint: "pass only one of apiKey and accessKey",
    })
  }
  const given: Partial<Settings> = { ...options, apiKey: apiKey ?? accessKey }
  const denied: string[] = []
  const read = (name: Setting) => given[name] ?? variable(env, variables[name], denied)
  return {
    workspaceCRN: read("workspaceCRN"),
    clientId: read("clientId"),
    clientKey: read("clientKey"),
    apiKey: options.device === true ? undefined : read("apiKey"),
    endpoint: read("endpoint"),
    environment: read("environment"),
    denied,
  }
}

/** An empty variable counts as unset, as a shell's `CS_ENDPOINT= command` means it, and so does one that may not be read. */
function variable(env: NonNullable<SecretsOptions["env"]>, name: string, denied: string[]): string | undefined {
  try {
    return env[name] || undefined
  } catch {
    denied.push(name)
    return undefined
  }
}

/** `process.env` where there is one: Node, Bun and Deno, not Workers. */
function runtimeEnvironment(): Readonly<Record<string, string | undefined>> {
  const { process } = globalThis as { process?: { env?: Readonly<Record<string, string | undefined>> } }
  return process?.env ?? {}
}

function requireSettings(settings: Settings, client: "required" | "optional", device: boolean): void {
  const oneOfTwo = (settings.clientId === undefined) !== (settings.clientKey === undefined)
  const needed: Setting[] = ["workspaceCRN"]
  if (client === "required" || oneOfTwo || device) needed.push("clientId", "clientKey")
  if (!device) needed.push("apiKey")
  const missing = needed.filter((name) => settings[name] === undefined)
  if (missing.length === 0) return
  const names = missing.map((name) => variables[name])
  if (names.some((name) => settings.denied.includes(name))) {
    const may = `--allow-env=${Object.values(variables).join(",")}`
    throw new HalfkeyError(
      "missing_configuration",
      `${names.join(", ")} cannot be read: this program may not read variables`,
      {
        hint: `run it with ${may}, or pass ${missing.join(", ")}`,
        facts: { missing: names },
      },
    )
  }
  throw new HalfkeyError("missing_configuration", `${names.join(", ")} ${names.length > 1 ? "are" : "is"} not set`, {
    hint: `set ${names.length > 1 ? "them" : "it"}, or pass ${missing.join(", ")}; \`halfkey clients create\` prints all four`,
    facts: { missing: names },
  })
}

function checkNumbers({ minimumRevision, timeoutMs }: SecretsOptions): void {
  if (timeoutMs !== undefined) checkedTimeout(timeoutMs)
  const revisions = typeof minimumRevision === "object" ? Object.values(minimumRevision) : [minimumRevision ?? 1]
  if (revisions.every((revision) => Number.isSafeInteger(revision) && revision >= 1)) return
  throw new HalfkeyError("invalid_argument", "minimumRevision must be an integer of at least 1")
}
