/** Calls about the audit log. */
import type { Call } from "./call.ts"

export const auditCalls: Readonly<Record<string, Call>> = {
  "list audit": {
    about: ["GET /v1/audit/entries"],
    sdk: ({ admin }) => admin.audit.entries({}, { limit: 5 }),
    cli: () => ({ args: ["audit", "list", "--limit", "5"] }),
  },
  "verify audit": {
    about: ["GET /v1/audit/entries"],
    // Each proof that helps to find the place is one.
    requestsMax: 80,
    learns: true,
    sdk: ({ admin }) => admin.audit.verify(),
    cli: () => ({ args: ["audit", "verify"] }),
    tells: /the audit log passed every check\n$/,
  },
  "audit head": {
    about: ["GET /v1/audit/checkpoint"],
    sdk: ({ admin }) => admin.audit.checkpoint(),
  },
}
