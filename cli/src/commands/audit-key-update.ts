/** `halfkey audit-key update`: takes up the key that the server signs audit checkpoints with. */
import { unwrap } from "halfkey/admin"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { requireConfirmation } from "../input/confirm.ts"

export interface AuditKeyUpdateOptions {
  readonly fingerprint: string | undefined
}

export const definition: CommandDefinition<AuditKeyUpdateOptions> = {
  environments: "none",
  about: `After the operator made a new one with halfkey-server checkpoint-key rotate: signs a roster that names it. From then on
checkpoints of the audit log count when that key signed them. Needs a granter. Compare the fingerprint with the one that the
operator has, over a way that does not lead through the server; typed behind the command, no other key is taken.`,
  examples: [
    { does: "show both fingerprints, and ask", line: "halfkey audit-key update" },
    { does: "take this one and no other", line: "halfkey audit-key update 6668 7aad f862 bd77 6c8f c18b 8e9f 8e20" },
  ],
  define: (command) => {
    command.argument("[fingerprint...]", "of the new key, as the operator tells it")
  },
  read: ([groups]) => ({ fingerprint: Array.isArray(groups) && groups.length > 0 ? groups.join(" ") : undefined }),
}

export async function run(context: Context, { fingerprint }: AuditKeyUpdateOptions): Promise<undefined> {
  const admin = await context.admin()
  let wanted = fingerprint
  if (wanted === undefined) {
    const { current, offered } = unwrap(await admin.auditKey.compare())
    if (current === offered) {
      context.note(named(current))
      return undefined
    }
    context.streams.err(`halfkey: the audit key\n  by the roster: ${current}\n  of the server: ${offered}\n`)
    await requireConfirmation(context, "Take up the server's, as the operator told it to you?", "the audit key stays")
    wanted = offered
  }
  const updated = unwrap(await admin.auditKey.update(wanted))
  context.note(updated.changed ? `the audit key is ${updated.fingerprint} from now on` : named(updated.fingerprint))
  return undefined
}

/** Also what is said where the operator made a new key just now. */
function named(fingerprint: string): string {
  return `the roster names the server's audit key already: ${fingerprint}
  a running server takes a new one up within 30 seconds: was it made just now, type this again then`
}
