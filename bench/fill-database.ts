/** Puts many secrets into the database of a server that is stopped, as rows: through the front door it would take hours. */
import { randomFillSync, randomUUID } from "node:crypto"
import { join } from "node:path"
import { encodeRecordHeader, recordHash } from "@halfkey/core/formats/record"
import { systemRandom } from "@halfkey/core/primitives/random"
import { openSqlite } from "../server/src/store/sqlite/open.ts"

/** A usual record: 256 bytes of padded plaintext under header, commit and tag, and some longer ones. */
const recordBytes = 400
const digits = 7

/** `LOAD_0000042`. */
export function filledName(number: number): string {
  return `LOAD_${String(number).padStart(digits, "0")}`
}

/** What `filledName` numbers look like before they are numbers. */
export const namePlaceholder = "N".repeat(digits)

/**
 * Adds `count` secrets to the environment of the one that is there already, named by `filledName`. Their records have
 * the form that the server reads, a proper header and random bytes behind it, and open for nobody.
 */
export function fillDatabase(dataDirectory: string, count: number): void {
  const db = openSqlite(join(dataDirectory, "halfkey.db"))
  db.pragma("synchronous = OFF")
  db.pragma("foreign_keys = OFF")
  const pattern = db.prepare("select * from secret_versions limit 1").get() as Pattern
  const insertVersion = db.prepare(
    `insert into secret_versions (secret_id, version, deleted, record, hash, keyset_id, epoch, key_id, client_id, created_at)
     values (?, 1, 0, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const insertSecret = db.prepare(
    `insert into secrets (id, keyset_id, name, version, deleted, created_at, updated_at, record_number)
     values (?, ?, ?, 1, 0, ?, ?, ?)`,
  )
  const { client_id, created_at, epoch, keyset_id } = pattern
  db.transaction(() => {
    for (let number = 0; number < count; number++) {
      const id = randomUUID()
      const keyId = systemRandom(16)
      const record = randomFillSync(new Uint8Array(recordBytes))
      record.set(encodeRecordHeader({ keysetId: keyset_id, epoch, keyId, salt: systemRandom(16) }))
      const { lastInsertRowid } = insertVersion.run(
        id,
        record,
        recordHash(record),
        keyset_id,
        epoch,
        keyId,
        client_id,
        created_at,
      )
      insertSecret.run(id, keyset_id, filledName(number), created_at, created_at, lastInsertRowid)
    }
  })()
  db.pragma("wal_checkpoint(TRUNCATE)")
  db.close()
}

interface Pattern {
  readonly keyset_id: Parameters<typeof encodeRecordHeader>[0]["keysetId"]
  readonly client_id: string
  readonly epoch: number
  readonly created_at: number
}
