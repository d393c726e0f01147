/** `halfkey kit verify`: is the kit in the safe the right one, and whole? Asks no server, and uses it for nothing. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { checkRecoveryKit, unwrap } from "halfkey/admin"
import { type CommandDefinition, textFlag } from "../command.ts"
import type { Context } from "../context.ts"
import { recoveryKitText } from "../input/recovery-kit.ts"

export interface KitVerifyOptions {
  readonly kitFile?: string | undefined
  readonly workspace?: string | undefined
}

export const definition: CommandDefinition<KitVerifyOptions> = {
  environments: "none",
  about: `Asks for the kit, hidden, and says whether every character is right and whether it is the one of your workspace:
that of your settings, or of --workspace. Nothing is sent anywhere and nothing is stored.`,
  examples: [
    { does: "of the workspace of your profile", line: "halfkey kit verify" },
    {
      does: "from a file, on a machine without a profile",
      line: "halfkey kit verify --kit-file kit.txt --workspace crn:local.self:7Q4FJ3VJ2XKQW5Y6Z7A2B3C4D5",
    },
  ],
  define: (command) => {
    command
      .option("--kit-file <file>", "file with the kit; - for stdin")
      .option("--workspace <crn>", "the workspace that it should belong to")
  },
  read: (_, flags) => ({ kitFile: textFlag(flags, "kitFile"), workspace: textFlag(flags, "workspace") }),
}

export async function run(context: Context, { kitFile, workspace }: KitVerifyOptions): Promise<undefined> {
  const workspaceCRN = workspace ?? context.settings().workspaceCRN?.value
  if (workspaceCRN === undefined) {
    throw new HalfkeyError("missing_configuration", "no workspace is known to compare the kit with", {
      hint: "--workspace crn:…   (or --profile NAME)",
    })
  }
  unwrap(await checkRecoveryKit(await recoveryKitText(context, kitFile), workspaceCRN))
  context.streams.out(`the recovery kit is whole, and that of ${workspaceCRN}\n`)
  return undefined
}
