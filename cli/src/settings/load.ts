/** Reads everything that settings come from, and says what is missing. */
import { parseCrn } from "@halfkey/core/formats/crn"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { isClientId } from "@halfkey/core/formats/ids"
import type { GlobalOptions } from "../command.ts"
import type { Environment } from "../context.ts"
import { configDirectory } from "./config-directory.ts"
import { findHalfkeyFile, type HalfkeyFile } from "./halfkey-file.ts"
import { localProfile, Profiles } from "./profiles.ts"
import { resolveSettings, type Setting, type SettingSources, type Settings, variables } from "./resolve.ts"
import { findTrust, loadTrust, trustPath, UnconfirmedEndpoint } from "./trust.ts"

/** Everything that a request needs. */
export interface Connection {
  readonly endpoint: string
  readonly workspaceCRN: string
  readonly workspaceId: string
  readonly clientId: string | undefined
  readonly clientKey: string | undefined
  /** `undefined`: a person's device. */
  readonly apiKey: string | undefined
}

/** Reads flags, variables, halfkey.json and the profile. Touches no network. */
export function loadSettings(options: GlobalOptions, env: Environment, cwd: string): Settings {
  const ignoredFiles: string[] = []
  const file = findHalfkeyFile(cwd, (path) => ignoredFiles.push(path))
  const directory = configDirectory(env, cwd)
  const profiles = new Profiles(directory)
  const chosenBy = chooseProfile(options, env, file, profiles)
  const profile = chosenBy && { name: chosenBy.value, chosenBy, data: profiles.get(chosenBy.value) }
  const flags: SettingSources["flags"] = options
  // Read only where nothing else confirms the server.
  const trusted = (workspaceCRN: string, endpoint: string) => {
    const since = findTrust(loadTrust(directory), workspaceCRN, endpoint)?.since
    return since === undefined ? undefined : ({ value: since, source: "answer", from: trustPath(directory) } as const)
  }
  const settings = resolveSettings({ flags, env, file, profile, trusted })
  return ignoredFiles.length === 0 ? settings : { ...settings, ignoredFiles }
}

/** Flag, variable, the one profile of the repository's workspace, the default, `local`, the only one. */
function chooseProfile(
  options: GlobalOptions,
  env: Environment,
  file: HalfkeyFile | undefined,
  profiles: Profiles,
): Setting | undefined {
  if (options.profile !== undefined) return { value: options.profile, source: "flag", from: "--profile" }
  const named = env["HALFKEY_PROFILE"]
  if (named) return { value: named, source: "variable", from: "HALFKEY_PROFILE" }
  const preferred = profiles.default()
  if (file?.workspaceCRN !== undefined) {
    // A damaged profile is told when it is used.
    const fitting = profiles.list().filter((name) => profiles.findReadable(name)?.workspaceCRN === file.workspaceCRN)
    const [only] = fitting
    if (only !== undefined && fitting.length === 1) return { value: only, source: "file", from: file.path }
    if (preferred !== undefined && fitting.includes(preferred)) {
      return { value: preferred, source: "default", from: "default-profile" }
    }
  }
  if (preferred !== undefined && profiles.find(preferred) !== undefined) {
    return { value: preferred, source: "default", from: "default-profile" }
  }
  const names = profiles.list()
  const name = names.includes(localProfile) ? localProfile : names.length === 1 ? names[0] : undefined
  return name === undefined ? undefined : { value: name, source: "default", from: "the profiles on this machine" }
}

/** What a request needs, checked for typing errors before any request. Throws `missing_configuration` with what to type, and `UnconfirmedEndpoint`. */
export function requireConnection(settings: Settings): Connection {
  const { workspaceCRN, apiKey, clientId, clientKey, endpoint } = settings
  // Only a profile says that its client is a device; of variables, one was forgotten.
  const isDevice = apiKey === undefined && clientKey?.source === "profile"
  if (workspaceCRN === undefined && apiKey === undefined) {
    throw new HalfkeyError("missing_configuration", "no workspace is configured on this machine", {
      hint: "halfkey up   (a server and a workspace on this machine)\nhalfkey login   (a workspace that is there already)\nor set CS_WORKSPACE_CRN, CS_CLIENT_ID, CS_CLIENT_KEY and CS_CLIENT_ACCESS_KEY\nor --profile NAME",
    })
  }
  if (workspaceCRN === undefined) throw missing("workspaceCRN", apiKey)
  if (apiKey === undefined && !isDevice) throw missing("apiKey", clientId ?? clientKey)
  if (clientId !== undefined && clientKey === undefined) throw missing("clientKey", clientId)
  if (clientKey !== undefined && clientId === undefined) throw missing("clientId", clientKey)
  if (clientId !== undefined && !isClientId(clientId.value)) {
    throw new HalfkeyError("invalid_configuration", `the client id of ${clientId.from} is not one`, {
      hint: "a client id is a UUID whose third group begins with 8; copy it whole",
    })
  }
  const crn = parseCrn(workspaceCRN.value)
  if (settings.unconfirmedEndpoint !== undefined) throw new UnconfirmedEndpoint(settings.unconfirmedEndpoint, crn.text)
  if (endpoint === undefined) {
    throw new HalfkeyError("missing_configuration", `no endpoint is known for the region ${crn.region}`, {
      hint: `set ${variables.endpoint}, or --endpoint https://…`,
    })
  }
  return {
    endpoint: endpoint.value,
    workspaceCRN: crn.text,
    workspaceId: crn.workspaceId,
    clientId: clientId?.value,
    clientKey: clientKey?.value,
    apiKey: apiKey?.value,
  }
}

/** The environment, or `missing_configuration` with what to type. */
export function requireEnvironment(settings: Settings): string {
  if (settings.environment !== undefined) return settings.environment.value
  throw new HalfkeyError("missing_configuration", "no environment was named", {
    hint: `-e development   (or set ${variables.environment}, or "environment" in halfkey.json)`,
  })
}

function missing(
  name: "workspaceCRN" | "clientId" | "clientKey" | "apiKey",
  beside: Setting | undefined,
): HalfkeyError {
  const why = beside === undefined ? "" : `, though ${beside.from} is`
  return new HalfkeyError("missing_configuration", `${variables[name]} is not set${why}`, {
    hint: `set ${variables[name]} as well, or use a profile: --profile NAME`,
  })
}
