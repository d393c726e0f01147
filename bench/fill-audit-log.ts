/** Puts many audit entries into the database of a server that is stopped, as rows that no sequencer has seen. */
import { join } from "node:path"
import { auditLeaf } from "@halfkey/core/formats/audit-entry"
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import { openSqlite } from "../server/src/store/sqlite/open.ts"

const names = 1000
const clients = 50
const dayMs = 24 * 60 * 60 * 1000

/** `name` of every 100,000th entry. */
export const rareName = "RARE_NAME"
export const clientOf = (number: number) => `00000000-0000-8000-8000-${String(number % clients).padStart(12, "0")}`

/** Adds `count` entries of the last 90 days behind those that are there: reads of 1,000 names by 50 clients, one in 200 refused. */
export function fillAuditLog(dataDirectory: string, count: number): void {
  const db = openSqlite(join(dataDirectory, "halfkey.db"))
  db.pragma("synchronous = OFF")
  const { id, last } = db
    .prepare("select workspace_id as id, max(seq) as last from audit_entries group by workspace_id")
    .get() as { id: WorkspaceId; last: number }
  const insert = db.prepare(
    "insert into audit_entries (workspace_id, seq, time, entry, leaf_hash) values (?, ?, ?, ?, ?)",
  )
  const begin = Date.now() - 90 * dayMs
  db.transaction(() => {
    for (let number = 0; number < count; number++) {
      const time = Math.floor(begin + (number / count) * 90 * dayMs)
      const { bytes, leafHash } = auditLeaf({
        v: 1,
        id: `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`,
        time: new Date(time).toISOString(),
        workspaceId: id,
        requestId: `request ${number}`,
        action: "secret.read",
        outcome: number % 200 === 0 ? "denied" : "allowed",
        code: number % 200 === 0 ? "mode_not_allowed" : undefined,
        clientId: clientOf(number) as never,
        environment: number % 3 === 0 ? "staging" : "production",
        names: [number % 100_000 === 99_999 ? rareName : `NAME_${(number * 7919) % names}`],
        address: "10.0.0.7",
        userAgent: "halfkey-sdk/0.1.0",
      })
      insert.run(id, last + 1 + number, time, bytes, leafHash)
    }
  })()
  db.pragma("wal_checkpoint(TRUNCATE)")
  db.close()
}
