/** The sealing rule made visible (S4): who is a member by the verified manifest, and who alone is added. */
import type { NewMember } from "@halfkey/core/client/membership"
import type { VerifiedKeyset } from "@halfkey/core/client/verified-keyset"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { SealingOptions } from "./types.ts"

/** Lets the caller see and stop what is about to be sealed. Throws `aborted` when it answers `false`. */
export async function announceSealing(
  { manifest, name }: VerifiedKeyset,
  { clientId, label, mode }: NewMember,
  { beforeSealing }: SealingOptions,
): Promise<void> {
  if (beforeSealing === undefined) return
  const members = manifest.members.map((member) => ({
    clientId: member.clientId,
    label: member.label,
    mode: member.mode,
  }))
  const answer = await beforeSealing({ environment: name, members, added: { clientId, label, mode } })
  if (answer === false) throw new HalfkeyError("aborted", "the caller stopped before anything was sealed")
}
