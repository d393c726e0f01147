/** `halfkey grants revoke`: takes a client out of environments; it keeps the others. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { type Admin, unwrap } from "halfkey/admin"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { clientIdFrom } from "../input/client-id.ts"
import { requireConfirmation } from "../input/confirm.ts"
import { environmentsFrom } from "../input/grants.ts"

export interface GrantsRevokeOptions {
  readonly clientId: string
  readonly environments: readonly string[]
  readonly rotate: boolean
  readonly last: boolean
}

export const definition: CommandDefinition<GrantsRevokeOptions> = {
  environments: "many",
  about: `The server refuses the client there at once. What it has read stays known to it: replace those secrets. With
--rotate a new epoch begins in the same step, whose keys it never had; halfkey rotate then seals what is there again.
Interrupted? Type it again; the command goes on where it stopped.`,
  examples: [
    { does: "out of production", line: "halfkey grants revoke 6b0c0a52-77d5-8f0e-9c2e-2d1f5c3b9a10 -e production" },
    {
      does: "and under new keys from now on, in a script",
      line: "halfkey grants revoke 6b0c0a52-77d5-8f0e-9c2e-2d1f5c3b9a10 -e production --rotate -y",
    },
  ],
  define: (command) => {
    command
      .argument("<client-id>", "the whole id")
      .option("--rotate", "begin a new epoch without the client")
      .option("--last", "also the only member: then only the recovery kit opens what is there")
  },
  read: ([clientId], flags) => ({
    clientId: clientIdFrom(clientId),
    environments: environmentsFrom(flags),
    rotate: flags["rotate"] === true,
    last: flags["last"] === true,
  }),
}

export async function run(context: Context, options: GrantsRevokeOptions): Promise<undefined> {
  const { clientId, environments, last, rotate } = options
  context.connection()
  const admin = await context.admin()
  if (!last) await requireOthers(admin, clientId, environments)
  const where = environments.join(", ")
  await requireConfirmation(context, `Take client ${clientId} out of ${where}?`, `${clientId} was not taken out`)
  const { environments: changed, notMember } = unwrap(await admin.grants.revoke(clientId, environments, { rotate }))
  if (changed.length > 0) context.note(`${clientId} is no member of ${changed.join(", ")} any more`)
  if (notMember.length > 0) context.note(`it is no member of ${notMember.join(", ")}: nothing was done there`)
  const commands = (names: readonly string[]) => names.map((name) => `halfkey rotate -e ${name}`).join("\n       ")
  // An earlier try may have been interrupted before it could say so.
  if (rotate && notMember.length > 0) {
    context.note(`for what is sealed under keys that it had\n  try: ${commands(notMember)}`)
  }
  if (changed.length === 0) return undefined
  if (rotate) {
    context.note(
      `what is written from now on is sealed under new keys; for what is there already\n  try: ${commands(changed)}`,
    )
  }
  context.note("what it has read stays known to it: replace those secrets")
  return undefined
}

/** Nobody can let anyone in again where nobody is left: recovery would put everybody out everywhere. */
async function requireOthers(admin: Admin, clientId: string, environments: readonly string[]): Promise<void> {
  // What cannot be listed is left to the revocation, which says why.
  const { data: grants = [] } = await admin.grants.list(environments)
  const isLeftAlone = ({ members }: (typeof grants)[number]) =>
    members.length === 1 && members[0]?.clientId === clientId
  const empty = grants.filter(isLeftAlone).map(({ environment }) => environment)
  const [first] = empty
  if (first === undefined) return
  throw new HalfkeyError("invalid_argument", `${clientId} is the only member of ${empty.join(", ")}`, {
    hint: `let another one in first: halfkey grants add ID -e ${first}
to give it up: halfkey environments destroy ${first}
to shut it, so that only the recovery kit opens it again: the same with --last`,
  })
}
