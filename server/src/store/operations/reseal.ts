/** Sealing again (S5): another record for the same version, by compare-and-set on the old record's hash. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { Guard } from "../../domain/store.ts"
import type { ResealInput, ResealOutcome, ResealWrite } from "../../domain/store-inputs.ts"
import type { Transaction } from "../query.ts"
import * as queries from "../rotation-queries.ts"
import { insertVersion } from "../secret-queries.ts"
import { appendGuarded } from "./guarded.ts"

export async function resealSecrets(tx: Transaction, guard: Guard, input: ResealInput): Promise<ResealOutcome> {
  await appendGuarded(tx, guard)
  let resealed = 0
  for (const write of input.writes) if (await resealOne(tx, input, write)) resealed++
  return { resealed, already: input.writes.length - resealed }
}

/** Whether the record was replaced; `false`: it is of the newest epoch already. */
async function resealOne(tx: Transaction, input: ResealInput, write: ResealWrite): Promise<boolean> {
  const { keysetId, epoch } = input
  const { name, version } = write
  if (write.epoch !== epoch) {
    throw new HalfkeyError("epoch_changed", `the record of ${name} is sealed under epoch ${write.epoch}`, {
      hint: "ask again what is stale, and seal it under the newest epoch",
      facts: { name, epoch },
    })
  }
  const stored = await tx.first(queries.storedVersion, { keysetId, name, version })
  if (stored === undefined) {
    throw new HalfkeyError("secret_not_found", `there is no version ${version} of ${name}`, {
      facts: { name, version },
    })
  }
  // Whoever was first read the same plaintext, and a client that starts over must find its own work done.
  if (stored.epoch === epoch) return false
  if (Buffer.compare(stored.hash, write.previousHash) !== 0) {
    throw new HalfkeyError("version_conflict", `version ${version} of ${name} has another record than the one named`, {
      hint: "ask again what is stale",
      facts: { name, version },
    })
  }
  const { record_number: from, ...kept } = stored
  // A new number, so that nothing kept under the old one can be mistaken for it. References are checked at the end.
  await tx.run(queries.deleteVersion, { recordNumber: from })
  const { record, hash, keyId } = write
  const inserted = await tx.first(insertVersion, { ...kept, record, hash, epoch, key_id: keyId })
  if (inserted === undefined) throw new Error("the database named no record number")
  await tx.run(queries.pointToRecord, { secretId: kept.secret_id, from, to: inserted.recordNumber })
  return true
}
