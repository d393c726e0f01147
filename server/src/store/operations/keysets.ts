/** Creating and changing key sets: compare-and-set on the revision (S4, S5). */

import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { ClientId, KeysetId } from "@halfkey/core/formats/ids"
import type { Guard } from "../../domain/store.ts"
import type { KeysetInput } from "../../domain/store-inputs.ts"
import * as queries from "../keyset-queries.ts"
import type { Transaction } from "../query.ts"
import { anyRecordOfEpoch } from "../secret-queries.ts"
import { raiseAuditIncarnation } from "../state-queries.ts"
import { appendChange, appendGuarded } from "./guarded.ts"

export async function createKeyset(tx: Transaction, guard: Guard, input: KeysetInput): Promise<void> {
  await appendChange(tx, guard)
  await insertKeyset(tx, input)
}

export async function updateKeyset(tx: Transaction, guard: Guard, input: KeysetInput): Promise<void> {
  await appendChange(tx, guard)
  await replaceKeyset(tx, input)
}

/** A key set that is new. Throws `already_exists`. */
export async function insertKeyset(tx: Transaction, input: KeysetInput): Promise<void> {
  const { keyset } = input
  if ((await tx.first(queries.anyKeyset, { id: keyset.id })) !== undefined) {
    throw new HalfkeyError("already_exists", `the key set id ${keyset.id} is taken`, {
      hint: "make the key set again, with a fresh id",
    })
  }
  if ((await tx.first(queries.keysetByName, { workspaceId: keyset.workspaceId, name: keyset.name })) !== undefined) {
    throw new HalfkeyError("already_exists", `the name ${keyset.name} is taken, or was once`, {
      hint: "choose another name: a name is never used again within a workspace",
    })
  }
  await tx.run(queries.insertKeyset, {
    id: keyset.id,
    workspace_id: keyset.workspaceId,
    name: keyset.name,
    kind: keyset.kind,
    state: keyset.state,
    revision: keyset.revision,
    epoch: keyset.epoch,
    version_floor: keyset.versionFloor,
    created_at: keyset.createdAt,
    updated_at: keyset.updatedAt,
    undo_until: null,
    purged_at: null,
  })
  await saveParts(tx, input)
}

/** The next revision of a key set. Throws `revision_conflict`. */
export async function replaceKeyset(tx: Transaction, input: KeysetInput): Promise<void> {
  const { keyset } = input
  const changed = await tx.run(queries.updateKeyset, {
    id: keyset.id,
    workspace_id: keyset.workspaceId,
    state: keyset.state,
    revision: keyset.revision,
    epoch: keyset.epoch,
    version_floor: keyset.versionFloor,
    updated_at: keyset.updatedAt,
    undo_until: keyset.undoUntil,
    previous_revision: keyset.revision - 1,
  })
  if (changed !== 1) {
    throw new HalfkeyError("revision_conflict", `${keyset.name} is no longer at revision ${keyset.revision - 1}`, {
      hint: "read the key set again and repeat the change on its newest manifest",
      facts: { keysetId: keyset.id },
    })
  }
  await saveParts(tx, input)
}

async function saveParts(tx: Transaction, input: KeysetInput): Promise<void> {
  const keyset_id = input.keyset.id
  const { number, json, hash } = input.manifest
  // The log goes on under another origin from the moment on at which clients may see that history was cut (S10, S12).
  if (input.incarnation > 1) {
    await tx.run(raiseAuditIncarnation, { id: input.keyset.workspaceId, incarnation: input.incarnation })
  }
  await tx.run(queries.insertManifest, { keyset_id, revision: number, document: json, hash })
  await tx.run(queries.deleteMembers, { keysetId: keyset_id })
  for (const { clientId, mode } of input.members) {
    await tx.run(queries.insertMember, { keyset_id, client_id: clientId, mode })
  }
  for (const { epoch, wrapped } of input.authorityKeys) {
    await tx.run(queries.insertAuthorityKey, { keyset_id, epoch, wrapped })
  }
  for (const { epoch, enc, sealedHalf } of input.recoveryGrants) {
    await tx.run(queries.insertRecoveryGrant, { keyset_id, epoch, enc, sealed_half: sealedHalf })
  }
  for (const { epoch, clientId, enc, sealedHalf, selfWrap } of input.grants) {
    await tx.run(queries.saveGrant, {
      keyset_id,
      epoch,
      client_id: clientId,
      enc,
      sealed_half: sealedHalf,
      self_wrap: selfWrap,
    })
  }
  await tx.run(queries.deleteGrantsOfOthers, { keysetId: keyset_id })
  await dropEpochs(tx, keyset_id, input.liveEpochs)
}

/**
 * An epoch that left the manifest takes its authority key with it (S5). Commits change no generation, so that one may
 * have come after the service looked for records: what it sealed could never be opened again. Throws `revision_conflict`.
 */
async function dropEpochs(tx: Transaction, keysetId: KeysetId, live: readonly number[]): Promise<void> {
  for (const { epoch } of await tx.all(queries.epochsOf, { keysetId })) {
    if (live.includes(epoch)) continue
    if ((await tx.first(anyRecordOfEpoch, { keysetId, epoch })) !== undefined) {
      throw new HalfkeyError("revision_conflict", `a record was sealed under epoch ${epoch} meanwhile`, {
        hint: "keep the epoch until every record is sealed again under a newer one",
        facts: { keysetId, epoch },
      })
    }
    await tx.run(queries.deleteGrantsOfEpoch, { keysetId, epoch })
    await tx.run(queries.deleteRecoveryGrantOfEpoch, { keysetId, epoch })
    await tx.run(queries.deleteAuthorityKey, { keysetId, epoch })
  }
}

/** Only rows of grants that exist are touched: a self-wrap never makes a member. */
export async function saveSelfWraps(
  tx: Transaction,
  guard: Guard,
  input: {
    readonly keysetId: KeysetId
    readonly clientId: ClientId
    readonly selfWraps: readonly { readonly epoch: number; readonly selfWrap: Uint8Array }[]
  },
): Promise<void> {
  await appendGuarded(tx, guard)
  for (const { epoch, selfWrap } of input.selfWraps) {
    await tx.run(queries.saveSelfWrap, { keysetId: input.keysetId, clientId: input.clientId, epoch, selfWrap })
  }
}
