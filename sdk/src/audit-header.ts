/** What a caller says about its requests for the audit log (S12): why, and by which ticket. */
import { type AuditFields, encodeAuditFields } from "@halfkey/core/formats/audit-fields"
import { requireOptionalText, wrongType } from "./argument-types.ts"

/** Fields of a wrong type are bugs: throws `WrongType`. */
export function requireAuditTypes(fields: AuditFields | undefined): void {
  if (fields === undefined) return
  if (typeof fields !== "object" || fields === null) throw wrongType("audit", "an object", fields)
  requireOptionalText(fields.reason, "audit.reason")
  requireOptionalText(fields.ticket, "audit.ticket")
}

/** The header's text; `undefined` where nothing is said. Throws `invalid_argument` for what a server would refuse. */
export function auditHeaderOf(fields: AuditFields | undefined): string | undefined {
  if (fields === undefined) return undefined
  requireAuditTypes(fields)
  return encodeAuditFields(fields) || undefined
}
