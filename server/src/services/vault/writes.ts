/** Prepare and commit (S10): compare-and-set on versions, idempotent, under the newest epoch only. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { newKeysetId } from "@halfkey/core/formats/ids"
import { keyIdLength, recordLength, vaultPaddingMinimum } from "@halfkey/core/formats/record"
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import type { RandomSource } from "@halfkey/core/primitives/random"
import type { CommitRequest, CommitResponse, PrepareRequest, PrepareResponse } from "@halfkey/core/wire/secrets"
import type { Answer, Caller, Counters } from "../../domain/caller.ts"
import type { KeysetRow } from "../../domain/rows.ts"
import type { Store } from "../../domain/store.ts"
import type { CommitWrite } from "../../domain/store-inputs.ts"
import type { Gate } from "../auth/gate.ts"
import { bundleUnlessKnown } from "../keys/bundle.ts"
import { usableKeyset } from "../keys/keyset-access.ts"
import type { SeedMakers } from "../keys/seed-makers.ts"
import { secretMetadata } from "./reads.ts"
import { readSentRecord } from "./sealed-records.ts"
import { nameAndVersion, requireNames } from "./secret-names.ts"

export interface WritesParts {
  readonly gate: Gate
  readonly store: Store
  readonly makers: SeedMakers
  readonly counters: Counters
  readonly now: () => number
  readonly random: RandomSource
  /** Most bytes of a value. */
  readonly valueMaxLength: number
}

export class Writes {
  readonly #parts: WritesParts
  readonly #recordMaxLength: number

  constructor(parts: WritesParts) {
    this.#parts = parts
    // A value and its type byte.
    this.#recordMaxLength = recordLength(parts.valueMaxLength + 1, vaultPaddingMinimum)
  }

  /** What a client needs to seal the next versions: numbers, key ids, seeds. Nothing is reserved. */
  prepare(caller: Caller, request: PrepareRequest): Promise<Answer<PrepareResponse>> {
    const { gate, store, makers, counters, random } = this.#parts
    return gate.decide(caller, "secret.prepare", async (access) => {
      const { names } = request
      requireNames(names)
      const keyset = await usableKeyset(access, store, request.environment, "write")
      const { id, epoch, versionFloor } = keyset.row
      const current = await store.currentSecrets(id, names)
      const maker = await makers.get(keyset, epoch)
      const secrets = names.map((name, index) => {
        const { version: currentVersion = 0, deleted = false } = current[index] ?? {}
        const keyId = random(keyIdLength)
        return {
          name,
          currentVersion,
          deleted,
          nextVersion: Math.max(currentVersion, versionFloor) + 1,
          keyId: toBase64Url(keyId),
          keySeed: toBase64Url(maker.seed(keyId)),
        }
      })
      const bundle = await bundleUnlessKnown(access, store, keyset, request.known)
      access.details.names = names
      access.details.keyIds = secrets.map(({ keyId }) => keyId)
      await gate.append(access)
      counters.seedsReleased(secrets.length)
      return { ...(bundle && { keyset: bundle }), epoch, secrets }
    })
  }

  /** Writes all or none; what was written already counts as written. */
  commit(caller: Caller, request: CommitRequest): Promise<Answer<CommitResponse>> {
    const { gate, store, counters, now } = this.#parts
    return gate.decide(caller, "secret.commit", async (access) => {
      const { writes } = request
      requireNames(writes.map(({ name }) => name))
      const { row: keyset } = await usableKeyset(access, store, request.environment, "write")
      if (writes.some(({ deleted }) => !deleted)) access.requireAny(["secret:write"])
      if (writes.some(({ deleted }) => deleted)) access.requireAny(["secret:delete"])
      access.details.names = writes.map(nameAndVersion)
      const checked = writes.map((write) => this.#checked(keyset, write))
      const rows = await store.commitSecrets(access.guard(), {
        keysetId: keyset.id,
        workspaceId: keyset.workspaceId,
        clientId: access.requireClient(),
        epoch: keyset.epoch,
        versionFloor: keyset.versionFloor,
        now: now(),
        writes: checked,
      })
      counters.recordsWritten(rows.length)
      return { secrets: rows.map(secretMetadata) }
    })
  }

  #checked(keyset: KeysetRow, write: CommitRequest["writes"][number]): CommitWrite {
    const { name, previousVersion, version, deleted } = write
    const sent = readSentRecord(keyset, name, write.record)
    if (sent.record.length > this.#recordMaxLength) {
      throw new HalfkeyError("value_too_large", `the value of ${name} is larger than this server takes`, {
        hint: `a value may have ${this.#parts.valueMaxLength} bytes; the operator can raise HALFKEY_VALUE_MAX_LENGTH`,
        facts: { name, valueMaxLength: this.#parts.valueMaxLength },
      })
    }
    return { newId: newKeysetId(this.#parts.random), name, previousVersion, version, deleted, ...sent }
  }
}
