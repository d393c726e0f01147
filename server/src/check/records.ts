/** Records: each header says what its row says, its hash is right, and the half of its key that the server holds is there (S7). */
import type { KeysetId } from "@halfkey/core/formats/ids"
import { parseRecord, recordHash } from "@halfkey/core/formats/record"
import { equalBytes } from "@halfkey/core/primitives/hash"
import { misledSecrets, secretCount, versionRows } from "../store/check-queries.ts"
import type { Reader } from "../store/query.ts"
import { type CheckedKeyset, placeOfKeyset } from "./documents.ts"
import type { Counts, Findings } from "./finding.ts"

const pageSize = 500

export async function checkRecords(
  reader: Reader,
  findings: Findings,
  keysets: readonly CheckedKeyset[],
  epochs: ReadonlyMap<KeysetId, ReadonlySet<number>>,
): Promise<Pick<Counts, "secrets" | "versions">> {
  const known = new Map(keysets.map((keyset) => [keyset.id, keyset]))
  const placeOf = (keysetId: KeysetId, name: string) => {
    const keyset = known.get(keysetId)
    return `${keyset === undefined ? `environment ${keysetId}` : placeOfKeyset(keyset)}, ${name}`
  }
  let versions = 0
  for (let after = -1; ; ) {
    const page = await reader.all(versionRows, { after, limit: pageSize })
    for (const row of page) {
      const place = `${placeOf(row.keysetId, row.name)}, version ${row.version}`
      const parts = findings.attempt("records", place, () => parseRecord(row.record))
      if (!equalBytes(recordHash(row.record), row.hash)) findings.add("records", place, "its row has another hash")
      if (row.keysetId !== row.secretKeysetId) findings.add("records", place, "its secret is of another environment")
      const keyset = known.get(row.keysetId)
      if (keyset !== undefined && !keyset.isPurged && !epochs.get(row.keysetId)?.has(Number(row.epoch))) {
        findings.add("records", place, `there is no authority key of its epoch ${row.epoch}`)
      }
      if (parts === undefined) continue
      const { keysetId, epoch, keyId } = parts.header
      const isSame = keysetId === row.keysetId && epoch === Number(row.epoch) && equalBytes(keyId, row.keyId)
      if (!isSame) findings.add("records", place, "its header names another key than its row")
    }
    versions += page.length
    if (page.length < pageSize) break
    after = Number(page.at(-1)?.recordNumber)
  }
  for (const { keysetId, name } of await reader.all(misledSecrets, { limit: pageSize })) {
    findings.add("records", placeOf(keysetId, name), "it does not point to its newest version")
  }
  const secrets = Number((await reader.first(secretCount, {}))?.count ?? 0)
  return { secrets, versions }
}
