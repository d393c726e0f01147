/** Commits (S10): compare-and-set on versions, all or nothing, idempotent on `H(record)`. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { SecretRow } from "../../domain/rows.ts"
import type { Guard } from "../../domain/store.ts"
import type { CommitInput, CommitWrite } from "../../domain/store-inputs.ts"
import type { Transaction } from "../query.ts"
import { secretFromTable } from "../row-mapping.ts"
import * as queries from "../secret-queries.ts"
import { appendGuarded } from "./guarded.ts"

export async function commitSecrets(tx: Transaction, guard: Guard, input: CommitInput): Promise<SecretRow[]> {
  await appendGuarded(tx, guard)
  const written: SecretRow[] = []
  for (const write of input.writes) written.push(await commitOne(tx, input, write))
  return written
}

async function commitOne(tx: Transaction, input: CommitInput, write: CommitWrite): Promise<SecretRow> {
  const { keysetId } = input
  const { name, version } = write
  const current = await tx.first(queries.currentSecret, { keysetId, name })
  if (current !== undefined && version <= current.version) {
    const stored = await tx.first(queries.secretVersion, { keysetId, name, version })
    // The answer to an earlier try was lost: it is done, whatever happened since.
    if (stored !== undefined && Buffer.compare(stored.hash, write.hash) === 0) return secretFromTable(stored)
  }
  checkVersion(input, write, current?.version ?? 0)
  if (write.epoch !== input.epoch) {
    throw new HalfkeyError("epoch_changed", `the record of ${name} is sealed under epoch ${write.epoch}`, {
      hint: "prepare again, seal under the newest epoch, and commit again",
      facts: { name, epoch: input.epoch },
    })
  }
  if (current === undefined && write.deleted) {
    throw new HalfkeyError("secret_not_found", `there is no secret ${name} to delete`, { facts: { name } })
  }
  const id = current?.id ?? write.newId
  const row = {
    id,
    version,
    deleted: write.deleted ? 1 : 0,
    updated_at: input.now,
    record_number: await insertVersion(tx, input, write, id),
  }
  const createdAt = current?.createdAt ?? input.now
  if (current === undefined) {
    await tx.run(queries.insertSecret, { ...row, keyset_id: keysetId, name, created_at: createdAt })
  } else {
    await tx.run(queries.updateSecret, row)
  }
  const { deleted } = write
  return { id, name, version, deleted, createdAt, updatedAt: input.now, recordNumber: row.record_number }
}

function checkVersion(input: CommitInput, write: CommitWrite, currentVersion: number): void {
  const nextVersion = Math.max(currentVersion, input.versionFloor) + 1
  if (write.previousVersion === currentVersion && write.version === nextVersion) return
  throw new HalfkeyError("version_conflict", `${write.name} is at version ${currentVersion}`, {
    hint: "prepare again; if the value that somebody else wrote is yours to replace, seal and commit again",
    facts: { name: write.name, currentVersion, nextVersion },
  })
}

async function insertVersion(tx: Transaction, input: CommitInput, write: CommitWrite, secretId: string) {
  const inserted = await tx.first(queries.insertVersion, {
    secret_id: secretId,
    version: write.version,
    deleted: write.deleted ? 1 : 0,
    record: write.record,
    hash: write.hash,
    keyset_id: input.keysetId,
    epoch: write.epoch,
    key_id: write.keyId,
    client_id: input.clientId,
    created_at: input.now,
  })
  if (inserted === undefined) throw new Error("the database named no record number")
  return inserted.recordNumber
}
