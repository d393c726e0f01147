/** What the routes call. */
import type { AuditLog } from "../services/audit/audit-log.ts"
import type { Refusals } from "../services/audit/refusals.ts"
import type { ApiKeys } from "../services/auth/api-keys.ts"
import type { Clients } from "../services/auth/clients.ts"
import type { Devices } from "../services/auth/devices.ts"
import type { Gate } from "../services/auth/gate.ts"
import type { RateLimits } from "../services/auth/rate-limits.ts"
import type { Recovery } from "../services/auth/recovery.ts"
import type { TokenService } from "../services/auth/token-service.ts"
import type { Workspaces } from "../services/auth/workspaces.ts"
import type { Keysets } from "../services/keys/keysets.ts"
import type { Rosters } from "../services/keys/rosters.ts"
import type { Seeds } from "../services/keys/seeds.ts"
import type { Reads } from "../services/vault/reads.ts"
import type { Reseals } from "../services/vault/reseals.ts"
import type { Writes } from "../services/vault/writes.ts"

export interface Services {
  readonly gate: Gate
  readonly limits: RateLimits
  readonly tokens: TokenService
  readonly workspaces: Workspaces
  readonly rosters: Rosters
  readonly recovery: Recovery
  readonly clients: Clients
  readonly devices: Devices
  readonly apiKeys: ApiKeys
  readonly keysets: Keysets
  readonly seeds: Seeds
  readonly reads: Reads
  readonly writes: Writes
  readonly reseals: Reseals
  readonly auditLog: AuditLog
  readonly refusals: Refusals
}
