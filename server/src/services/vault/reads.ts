/** Fused reads: documents when they changed, records and seeds, in one answer (S6, S7). */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { requireSecretName } from "@halfkey/core/formats/secret-name"
import {
  type HistoryResponse,
  type ListQuery,
  type ListResponse,
  namesPerRequest,
  type ReadRequest,
  type ReadResponse,
  readAnswerBytes,
  type SecretMetadata,
} from "@halfkey/core/wire/secrets"
import type { Answer, Caller, Counters } from "../../domain/caller.ts"
import type { KeysetRow, SecretRow } from "../../domain/rows.ts"
import type { Store } from "../../domain/store.ts"
import type { Gate } from "../auth/gate.ts"
import type { KeysetState } from "../auth/workspace-state.ts"
import { bundleUnlessKnown } from "../keys/bundle.ts"
import { usableKeyset } from "../keys/keyset-access.ts"
import { timeText } from "../time-text.ts"
import type { KeptRecord, ReadRecords } from "./read-records.ts"
import { requirePrefix } from "./secret-names.ts"

export interface ReadsParts {
  readonly gate: Gate
  readonly store: Store
  readonly records: ReadRecords
  readonly counters: Counters
}

type Asked = NonNullable<ReadRequest["secrets"]>

/** An answer in the making. */
class Found {
  readonly records: ReadResponse["records"] = []
  readonly missing: Asked = []
  readonly rest: Asked = []
  /** For the audit entry: exactly what the answer holds. */
  readonly auditNames: string[] = []
  next: string | null = null
  #size = 0

  get isFull(): boolean {
    return this.#size > readAnswerBytes || this.records.length === namesPerRequest
  }

  add({ wire, auditName }: KeptRecord): void {
    this.records.push(wire)
    this.auditNames.push(auditName)
    this.#size += wire.record.length
  }
}

export class Reads {
  readonly #parts: ReadsParts
  /** Answers that hold all that was asked for, by the store's own list of rows: the same list means the same records. */
  readonly #complete = new WeakMap<readonly (SecretRow | undefined)[], Found>()

  constructor(parts: ReadsParts) {
    this.#parts = parts
  }

  /** Named secrets, or all live ones in order of name. */
  read(caller: Caller, request: ReadRequest): Promise<Answer<ReadResponse>> {
    const { gate, store, counters } = this.#parts
    return gate.decide(caller, "secret.read", async (access) => {
      const { secrets, after = "" } = request
      const keyset = await usableKeyset(access, store, request.environment, "read")
      const found = secrets ? await this.#named(keyset, secrets) : await this.#all(keyset, requirePrefix(after))
      const bundle = await bundleUnlessKnown(access, store, keyset, request.known)
      const { records, missing, rest, next, auditNames } = found
      access.details.names = auditNames
      await gate.append(access)
      counters.seedsReleased(records.length)
      const answer = { records, missing, rest, next }
      return bundle === undefined ? answer : { keyset: bundle, ...answer }
    })
  }

  async #named(keyset: KeysetState, asked: Asked): Promise<Found> {
    const secrets = await this.#find(keyset.row, asked)
    const known = this.#complete.get(secrets)
    if (known !== undefined) return known
    const found = new Found()
    for (let index = 0; index < asked.length; index++) {
      const [each, secret] = [asked[index], secrets[index]]
      if (each === undefined) break
      if (found.isFull) found.rest.push(each)
      else if (secret === undefined) found.missing.push(each)
      else {
        const kept = this.#parts.records.get(keyset, secret)
        found.add(kept instanceof Promise ? await kept : kept)
      }
    }
    // What is there has a good name; whoever asks for another must be told what is wrong with it.
    for (const { name } of found.missing) requireSecretName(name)
    if (found.records.length === asked.length) {
      Object.freeze(found.auditNames)
      this.#complete.set(secrets, found)
    }
    return found
  }

  /** In the order asked. */
  async #find({ id }: KeysetRow, asked: Asked): Promise<readonly (SecretRow | undefined)[]> {
    const { store } = this.#parts
    const newest: string[] = []
    for (const { name, version } of asked) if (version === undefined) newest.push(name)
    const current = newest.length > 0 ? await store.currentSecrets(id, newest) : []
    if (newest.length === asked.length) return current
    const byName = new Map(newest.map((name, index) => [name, current[index]]))
    return Promise.all(
      asked.map(({ name, version }) =>
        version === undefined ? byName.get(name) : store.secretVersion(id, name, version),
      ),
    )
  }

  async #all(keyset: KeysetState, after: string): Promise<Found> {
    const found = new Found()
    const filter = { prefix: "", after, limit: namesPerRequest + 1, deleted: false }
    for (const secret of await this.#parts.store.listSecrets(keyset.row.id, filter)) {
      if (found.isFull) {
        found.next = found.records.at(-1)?.name ?? null
        break
      }
      found.add(await this.#parts.records.get(keyset, secret))
    }
    return found
  }

  /** Names and versions, no records. */
  list(caller: Caller, query: ListQuery): Promise<Answer<ListResponse>> {
    const { gate, store } = this.#parts
    return gate.decide(caller, "secret.list", async (access) => {
      const prefix = requirePrefix(query.prefix)
      const after = requirePrefix(query.after)
      const limit = query.limit ?? 1000
      const { row: keyset } = await usableKeyset(access, store, query.environment, "any")
      const filter = { prefix, after, limit: limit + 1, deleted: query.deleted ?? false }
      const rows = await store.listSecrets(keyset.id, filter)
      await gate.append(access)
      const page = rows.slice(0, limit)
      return { secrets: page.map(secretMetadata), next: rows.length > limit ? (page.at(-1)?.name ?? null) : null }
    })
  }

  /** All versions of one name, newest first. */
  history(caller: Caller, environment: string, name: string): Promise<Answer<HistoryResponse>> {
    const { gate, store } = this.#parts
    return gate.decide(caller, "secret.history", async (access) => {
      requireSecretName(name)
      const { row: keyset } = await usableKeyset(access, store, environment, "any")
      access.details.names = [name]
      const versions = await store.versions(keyset.id, name)
      if (versions.length === 0) {
        throw new HalfkeyError("secret_not_found", `there is no secret ${name} in ${keyset.name}`, {
          hint: `\`halfkey list -e ${keyset.name}\` shows what there is`,
        })
      }
      await gate.append(access)
      return { name, versions: versions.map((each) => ({ ...each, createdAt: timeText(each.createdAt) })) }
    })
  }
}

export function secretMetadata(row: SecretRow): SecretMetadata {
  return {
    id: row.id,
    name: row.name,
    version: row.version,
    deleted: row.deleted,
    createdAt: timeText(row.createdAt),
    updatedAt: timeText(row.updatedAt),
  }
}
