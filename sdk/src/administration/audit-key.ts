/** A new key for audit checkpoints (S12) takes effect in a workspace when a granter signs a roster that names it. */
import { requireAuditKey, rosterWithAuditKey } from "@halfkey/core/client/roster-changes"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { keyFingerprint } from "@halfkey/core/formats/key-fingerprint"
import type { CallScope } from "../call-scope.ts"
import { toResult } from "../failure.ts"
import type { CallOptions } from "../options.ts"
import type { Result } from "../result.ts"
import type { Session } from "../session.ts"
import type { SessionHolder } from "../session-holder.ts"
import type { AuditKeyAdministration, ComparedAuditKeys, UpdatedAuditKey } from "./audit-key-types.ts"
import { signerOf, untilNoConflict } from "./keyset-changes.ts"
import { putRoster, readWorkspace } from "./roster.ts"

export class AuditKey implements AuditKeyAdministration {
  readonly #holder: SessionHolder

  constructor(holder: SessionHolder) {
    this.#holder = holder
  }

  compare(options: CallOptions = {}): Promise<Result<ComparedAuditKeys>> {
    return toResult(async () => {
      const { session } = this.#holder
      return await session.run(options, async (scope) => {
        const { offeredAuditKey, roster } = await readWorkspace(session, scope)
        requireAuditKey(offeredAuditKey)
        return { current: keyFingerprint(roster.auditKey), offered: keyFingerprint(offeredAuditKey) }
      })
    })
  }

  update(fingerprint: string, options: CallOptions = {}): Promise<Result<UpdatedAuditKey>> {
    return toResult(async () => {
      const wanted = checkedFingerprint(fingerprint)
      const { session } = this.#holder
      return await session.run(options, async (scope) => {
        return await untilNoConflict(scope, async () => await updateTo(session, scope, wanted))
      })
    })
  }
}

async function updateTo(session: Session, scope: CallScope, fingerprint: string): Promise<UpdatedAuditKey> {
  const { offeredAuditKey, roster } = await readWorkspace(session, scope)
  if (keyFingerprint(roster.auditKey) === fingerprint) return { changed: false, fingerprint }
  const offered = keyFingerprint(offeredAuditKey)
  if (offered !== fingerprint) {
    throw new HalfkeyError(
      "invalid_argument",
      `the server signs with the audit key ${offered}, not with ${fingerprint}`,
      {
        hint: "ask the operator which is right: halfkey-server checkpoint-key rotate printed it",
        facts: { offered },
      },
    )
  }
  await putRoster(session, scope, rosterWithAuditKey(roster, offeredAuditKey, signerOf(session)))
  return { changed: true, fingerprint }
}

/** As it was typed: groups, capitals and the spaces between do not matter. */
function checkedFingerprint(text: string): string {
  const digits = text.replaceAll(/[\s:-]/g, "").toLowerCase()
  if (/^[0-9a-f]{32}$/.test(digits)) return digits.replace(/....(?=.)/g, "$& ")
  throw new HalfkeyError("invalid_argument", "the fingerprint of an audit key is not usable", {
    hint: "eight groups of four hexadecimal digits, as halfkey-server checkpoint-key rotate prints them",
  })
}
