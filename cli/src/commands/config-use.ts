/** `halfkey config use`: the default profile; offline. */
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { usageError } from "../failure.ts"
import { Profiles } from "../settings/profiles.ts"

export interface ConfigUseOptions {
  readonly name: string
}

export const definition: CommandDefinition<ConfigUseOptions> = {
  environments: "none",
  about: `--profile, HALFKEY_PROFILE and the profile of the workspace that halfkey.json names come before it.`,
  examples: [
    { does: "use the profile work where none is named", line: "halfkey config use work" },
    { does: "which one holds here, and why", line: "halfkey config explain" },
  ],
  define: (command) => {
    command.argument("<profile>", "one of halfkey config profiles")
  },
  read: ([name]) => {
    if (typeof name !== "string" || name === "") throw usageError("no profile was named", "halfkey config profiles")
    return { name }
  },
}

export async function run(context: Context, { name }: ConfigUseOptions): Promise<undefined> {
  const profiles = new Profiles(context.configDirectory)
  // A name that is not there, or a profile that is damaged, would make every command fail.
  const { endpoint, workspaceCRN } = profiles.get(name)
  profiles.setDefault(name)
  context.note(`${name} is the default profile from now on: ${workspaceCRN} at ${endpoint}`)
  const other = chosenInstead(context, name)
  if (other !== undefined) context.warn(`here, ${other.value} comes before it: ${other.from} says so`)
  return undefined
}

function chosenInstead(context: Context, name: string) {
  try {
    const { profile } = context.settings()
    return profile === undefined || profile.value === name ? undefined : profile
  } catch {
    return undefined
  }
}
