/** Every call by its name, as attacks say it. */
import { adminCalls } from "./admin-calls.ts"
import { auditCalls } from "./audit-calls.ts"
import type { Call } from "./call.ts"
import { deviceCalls } from "./device-calls.ts"
import { stateCalls } from "./state-calls.ts"
import { vaultCalls } from "./vault-calls.ts"

export const calls: Readonly<Record<string, Call>> = {
  ...vaultCalls,
  ...adminCalls,
  ...deviceCalls,
  ...stateCalls,
  ...auditCalls,
}
