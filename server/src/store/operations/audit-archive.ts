/** Moving old audit entries out of the database (S12): first it is written down where they are, then they go, block by block. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import type { AuditArchive } from "../../domain/audit/audit-store.ts"
import { tileWidth } from "../../domain/audit/tiles.ts"
import type { AuditRecord } from "../../domain/store.ts"
import * as queries from "../audit-queries.ts"
import { readIndexed, termsOf } from "../audit-terms.ts"
import type { Transaction } from "../query.ts"
import { appendEntry } from "./guarded.ts"

/** From now on these entries are in the file. Throws `data_directory_in_use` when another run was quicker. */
export async function archiveAudit(tx: Transaction, audit: AuditRecord, archive: AuditArchive): Promise<void> {
  const { workspaceId } = audit
  const before = (await tx.all(queries.archives, { workspaceId })).at(-1)
  if ((before?.last ?? -1) + 1 !== archive.first) {
    throw new HalfkeyError("data_directory_in_use", "another halfkey-server audit archive works on this database", {
      hint: "wait for it, then run this again",
    })
  }
  await tx.run(queries.insertArchive, { workspace_id: workspaceId, ...archive })
  await appendEntry(tx, audit)
}

/** Deletes the entries of an archived block, and what finds them. Repeatable. */
export async function forgetBlock(tx: Transaction, workspaceId: WorkspaceId, block: number): Promise<void> {
  const range = { workspaceId, from: block * tileWidth, to: (block + 1) * tileWidth }
  const last = (await tx.all(queries.archives, { workspaceId })).at(-1)?.last ?? -1
  if (range.to - 1 > last) throw new Error("a block that is in no archive must stay")
  const rows = await tx.all(queries.firstEntries, { ...range, limit: tileWidth })
  const terms = new Set(rows.flatMap(({ entry }) => termsOf(readIndexed(entry))))
  for (const term of terms) await tx.run(queries.deletePlaces, { workspaceId, term, block })
  await tx.run(queries.deleteEntries, range)
}
