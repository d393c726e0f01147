/**
 * Which settings hold, and where each came from. Order: flag, variable, halfkey.json, profile, default. A profile that is
 * named by `--profile` itself counts as a flag, so the variables of a shell cannot mix with it.
 */
import { parseCrn } from "@halfkey/core/formats/crn"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { Environment } from "../context.ts"
import { defaultEndpointOf, normalizeEndpoint } from "./endpoint.ts"
import type { HalfkeyFile } from "./halfkey-file.ts"
import type { Profile } from "./profiles.ts"

/** `answer`: the person's own, at a terminal (`trust.ts`). */
export type Source = "flag" | "variable" | "file" | "profile" | "default" | "answer"

export interface Setting<T = string> {
  readonly value: T
  readonly source: Source
  /** The flag, variable, path or profile that it came from. */
  readonly from: string
}

export interface Settings {
  readonly workspaceCRN?: Setting
  readonly clientId?: Setting
  readonly clientKey?: Setting
  readonly apiKey?: Setting
  readonly environment?: Setting
  readonly endpoint?: Setting
  /** What of the person's own confirms an endpoint that a committed file names. */
  readonly endpointConfirmedBy?: Setting
  /** What only a committed file names: `endpoint` is missing then, and nothing is sent there. */
  readonly unconfirmedEndpoint?: Setting
  /** By name or id of the environment: whoever names it the other way is held to it too. */
  readonly minimumRevision?: Setting<Readonly<Record<string, number>>>
  /** How old may be what the cache gives while the server is away, such as `12h`; the option of one command aside. */
  readonly maxStale?: Setting
  readonly profile?: Setting
  /** Files called halfkey.json that were left alone, since another user may have put them there. */
  readonly ignoredFiles?: readonly string[]
}

export interface SettingSources {
  readonly flags: { readonly environment?: string; readonly endpoint?: string }
  readonly env: Environment
  readonly file: HalfkeyFile | undefined
  readonly profile: { readonly name: string; readonly chosenBy: Setting; readonly data: Profile } | undefined
  /** The person's own answer about a server, or `undefined`. */
  trusted?(workspaceCRN: string, endpoint: string): Setting | undefined
}

export const variables = {
  workspaceCRN: "CS_WORKSPACE_CRN",
  clientId: "CS_CLIENT_ID",
  clientKey: "CS_CLIENT_KEY",
  apiKey: "CS_CLIENT_ACCESS_KEY",
  endpoint: "CS_ENDPOINT",
  environment: "CS_ENVIRONMENT",
  maxStale: "HALFKEY_MAX_STALE",
} as const
type SettingName = keyof typeof variables

/** Finds each setting. Throws `invalid_configuration` only where two sources must not be mixed. */
export function resolveSettings(sources: SettingSources): Settings {
  const { file, profile } = sources
  const credentials = credentialsOf(sources)
  const workspaceCRN = pick(sources, "workspaceCRN")
  if (
    file?.workspaceCRN !== undefined &&
    workspaceCRN?.source === "file" &&
    credentialsFrom(credentials)?.source === "profile"
  ) {
    if (profile?.data.workspaceCRN !== file.workspaceCRN) throw otherWorkspace(file, profile?.name ?? "")
  }
  const environment = pick(sources, "environment")
  const hasVariables = credentialsFrom(credentials)?.source === "variable"
  const own = ownSources(sources, credentials, workspaceCRN?.value)
  const endpoints = endpointsOf(own, workspaceCRN, hasVariables)
  const minimumRevision = pinsOf(file, environment)
  const maxStale = pick(sources, "maxStale")
  return {
    ...(workspaceCRN && { workspaceCRN }),
    ...credentials,
    ...(environment && { environment }),
    ...endpoints,
    ...(minimumRevision && { minimumRevision }),
    ...(maxStale && { maxStale }),
    ...(profile && { profile: profile.chosenBy }),
  }
}

/** A bare number is about the environment beside it, or about the one that is chosen where none is. */
function pinsOf(file: HalfkeyFile | undefined, environment: Setting | undefined): Settings["minimumRevision"] {
  const pin = file?.minimumRevision
  if (file === undefined || pin === undefined) return undefined
  const from = { source: "file", from: file.path } as const
  if (typeof pin !== "number") return { value: pin, ...from }
  const name = file.environment ?? environment?.value
  return name === undefined ? undefined : { value: { [name]: pin }, ...from }
}

/** Where the credentials came from: a person's device has no API key. */
export function credentialsFrom({ apiKey, clientKey }: Pick<Settings, "clientKey" | "apiKey">): Setting | undefined {
  return apiKey ?? clientKey
}

/** The first source that has it; `--profile` moves the profile to the front. */
function pick({ flags, env, file, profile }: SettingSources, name: SettingName): Setting | undefined {
  const flag = name === "environment" || name === "endpoint" ? flags[name] : undefined
  const inFile = name === "clientId" || name === "clientKey" || name === "apiKey" ? undefined : file?.[name]
  const ofProfile = found(profile?.data[name], "profile", `profile ${profile?.name}`)
  const candidates = [
    found(flag, "flag", `--${name}`),
    profile?.chosenBy.source === "flag" ? ofProfile : undefined,
    found(env[variables[name]], "variable", variables[name]),
    found(inFile, "file", file?.path ?? ""),
    ofProfile,
  ]
  return candidates.find((candidate) => candidate !== undefined)
}

/** Client id, client key and API key belong together: all from the variables, or all from the profile. */
function credentialsOf(sources: SettingSources): Pick<Settings, "clientId" | "clientKey" | "apiKey"> {
  const names = ["clientId", "clientKey", "apiKey"] as const
  const fromVariables =
    sources.profile?.chosenBy.source !== "flag" && names.some((name) => Boolean(sources.env[variables[name]]))
  const only: SettingSources = fromVariables ? { ...sources, profile: undefined } : { ...sources, env: {} }
  return Object.fromEntries(
    names.flatMap((name) => {
      const setting = pick(only, name)
      return setting === undefined ? [] : [[name, setting]]
    }),
  )
}

/** Credentials of variables never go to the server of a profile that merely lies around, unless it is of the same workspace. */
function ownSources(
  sources: SettingSources,
  credentials: Pick<Settings, "clientKey" | "apiKey">,
  workspaceCRN: string | undefined,
): SettingSources {
  const isForeign =
    credentialsFrom(credentials)?.source === "variable" && sources.profile?.data.workspaceCRN !== workspaceCRN
  return isForeign ? { ...sources, profile: undefined } : sources
}

/**
 * Credentials never go to a host that only a committed file names: whoever can change the file could collect them. The file's
 * endpoint counts only where the person's own flag, variable, profile or answer, or the default, says the same.
 */
function endpointsOf(
  sources: SettingSources,
  crn: Setting | undefined,
  hasVariables: boolean,
): Pick<Settings, "endpoint" | "endpointConfirmedBy" | "unconfirmedEndpoint"> {
  const { profile } = sources
  const workspaceCRN = crn?.value
  const chosen = pick(sources, "endpoint")
  const normalized = chosen && { ...chosen, value: normalizeEndpoint(chosen.value, chosen.from) }
  const value = workspaceCRN === undefined ? undefined : defaultEndpointOf(workspaceCRN)
  // A file that names the workspace names its region too: on a machine of several people, anybody may listen there.
  const byFile =
    hasVariables && profile === undefined && crn?.source === "file" ? found(value, "file", crn.from) : undefined
  const byDefault = byFile === undefined ? found(value, "default", "the region of the workspace") : undefined
  const named = normalized ?? byFile
  if (named === undefined) return byDefault === undefined ? {} : { endpoint: byDefault }
  return confirmed(sources, named, byDefault, workspaceCRN)
}

function confirmed(
  { profile, trusted }: SettingSources,
  normalized: Setting,
  byDefault: Setting | undefined,
  workspaceCRN: string | undefined,
): Pick<Settings, "endpoint" | "endpointConfirmedBy" | "unconfirmedEndpoint"> {
  if (normalized.source !== "file") return { endpoint: normalized }
  const from = `profile ${profile?.name}`
  const own = profile === undefined ? byDefault : found(normalizeEndpoint(profile.data.endpoint, from), "profile", from)
  if (own?.value === normalized.value) return { endpoint: normalized, endpointConfirmedBy: own }
  const answer = workspaceCRN === undefined ? undefined : trusted?.(parseCrn(workspaceCRN).text, normalized.value)
  if (answer !== undefined) return { endpoint: normalized, endpointConfirmedBy: answer }
  return { unconfirmedEndpoint: normalized }
}

function otherWorkspace(file: HalfkeyFile, name: string): HalfkeyError {
  return new HalfkeyError(
    "invalid_configuration",
    `${file.path} belongs to the workspace ${file.workspaceCRN}, profile ${name} to another one`,
    { hint: "--profile NAME with a profile of that workspace (halfkey config explain lists them)" },
  )
}

/** An empty variable counts as unset, as shells make them by `export X=$NOT_SET`. */
function found(value: string | undefined, source: Source, from: string): Setting | undefined {
  return value ? { value, source, from } : undefined
}
