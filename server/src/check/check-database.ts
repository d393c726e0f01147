/** Everything of a database that can be checked without a client's key. Reads only. */
import type { RootKey } from "@halfkey/core/key-service/root-key"
import type { Reader } from "../store/query.ts"
import { checkAuditLog } from "./audit-logs.ts"
import { checkDocuments } from "./documents.ts"
import type { Counts, Findings } from "./finding.ts"
import { checkKeys } from "./keys.ts"
import { checkRecords } from "./records.ts"

/**
 * The reader must see one state of the database throughout. `rootKey`: where it is given, what is wrapped is opened with it.
 * What is wrong goes into `findings`.
 */
export async function checkDatabase(reader: Reader, findings: Findings, rootKey: RootKey | undefined): Promise<Counts> {
  const workspaces = await checkDocuments(reader, findings)
  const keysets = workspaces.flatMap((workspace) => workspace.keysets)
  const epochs = await checkKeys(reader, findings, keysets, rootKey)
  const records = await checkRecords(reader, findings, keysets, epochs)
  let auditEntries = 0
  for (const workspace of workspaces) auditEntries += await checkAuditLog(reader, findings, workspace)
  return { workspaces: workspaces.length, environments: keysets.length, ...records, auditEntries }
}
