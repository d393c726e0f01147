/** Names of environments and secrets as this machine saw them last, for completion: asks no server, and knows no value. */
import { isKeysetName } from "@halfkey/core/formats/environment-name"
import { secretNameProblem } from "@halfkey/core/formats/secret-name"
import type { FreshnessState } from "halfkey/secrets"
import type { Environment } from "../context.ts"
import { configDirectory } from "../settings/config-directory.ts"
import { loadSettings, requireConnection } from "../settings/load.ts"
import { Profiles } from "../settings/profiles.ts"
import { loadFreshness } from "../storage/freshness-file.ts"
import type { KnownNames } from "./suggestions.ts"

/** Whatever is missing or damaged means that nothing is known: nobody reads an error in the middle of a line. */
export function localNames(env: Environment, cwd: string): KnownNames {
  const stateOf = (profile: string | undefined) => seen(env, cwd, profile)
  return {
    environments: (profile) => orNothing(() => environmentsIn(stateOf(profile).state)),
    secrets: (profile, environment) =>
      orNothing(() => {
        const { state, configured } = stateOf(profile)
        return secretsIn(state, environment ?? configured)
      }),
    profiles: () => orNothing(() => new Profiles(configDirectory(env, cwd)).list()),
  }
}

function seen(env: Environment, cwd: string, profile: string | undefined) {
  const settings = loadSettings(profile === undefined ? {} : { profile }, env, cwd)
  const { workspaceId } = requireConnection(settings)
  const state = loadFreshness(configDirectory(env, cwd), workspaceId)
  return { state, configured: settings.environment?.value }
}

/** What is completed gets into a shell: only what can be a name counts. */
function environmentsIn({ keysets = {} }: FreshnessState): readonly string[] {
  return Object.values(keysets).flatMap(({ name }) => (name !== undefined && isKeysetName(name) ? [name] : []))
}

/** Without an environment, of all that were seen. */
function secretsIn({ keysets = {}, secrets = {} }: FreshnessState, environment: string | undefined): readonly string[] {
  const isMeant = (id: string) => environment === undefined || environment === id || environment === keysets[id]?.name
  const floors = Object.entries(secrets).flatMap(([id, ofKeyset]) => (isMeant(id) ? Object.entries(ofKeyset) : []))
  return floors.flatMap(([name, { deleted }]) => (deleted || secretNameProblem(name) !== undefined ? [] : [name]))
}

function orNothing(look: () => readonly string[]): readonly string[] {
  try {
    return [...look()].sort()
  } catch {
    return []
  }
}
