/** `halfkey environments create`: new keys, made and signed on this machine. */
import { requireKeysetName } from "@halfkey/core/formats/environment-name"
import { unwrap } from "halfkey/admin"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"

export interface EnvironmentsCreateOptions {
  readonly name: string
}

export const definition: CommandDefinition<EnvironmentsCreateOptions> = {
  environments: "none",
  about: "You are its first and only member. A name can never be used again, even after the environment is gone.",
  examples: [
    { does: "create one", line: "halfkey environments create preview" },
    { does: "and let a client into it", line: "halfkey clients create preview-app -e preview" },
  ],
  define: (command) => {
    command.argument("<name>", "1 to 63 of a-z, 0-9 and . _ -")
  },
  read: ([name]) => ({ name: String(name) }),
}

export async function run(context: Context, { name }: EnvironmentsCreateOptions): Promise<undefined> {
  requireKeysetName(name)
  const admin = await context.admin()
  unwrap(await admin.environments.create(name))
  context.note(`the environment ${name} is ready; you are its only member`)
  return undefined
}
