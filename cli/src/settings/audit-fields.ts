/** Why, for the audit log: `HALFKEY_AUDIT_REASON` and `HALFKEY_AUDIT_TICKET`, of the person or of a pipeline. */
import type { SecretsOptions } from "halfkey/secrets"
import type { Environment } from "../context.ts"

/** `undefined` where neither is set. */
export function auditFieldsOf(env: Environment): SecretsOptions["audit"] {
  const reason = env["HALFKEY_AUDIT_REASON"] || undefined
  const ticket = env["HALFKEY_AUDIT_TICKET"] || undefined
  return reason === undefined && ticket === undefined ? undefined : { reason, ticket }
}
