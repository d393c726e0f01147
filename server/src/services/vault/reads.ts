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
import type { ReadRecord, ReadRecords } from "./read-records.ts"
import { nameAndVersion, requirePrefix } from "./secret-names.ts"

export interface ReadsParts {
  readonly gate: Gate
  readonly store: Store
  readonly records: ReadRecords
  readonly counters: Counters
}

type Asked = NonNullable<ReadRequest["secrets"]>
type Found = Pick<ReadResponse, "records" | "missing" | "rest" | "next">

export class Reads {
  readonly #parts: ReadsParts

  constructor(parts: ReadsParts) {
    this.#parts = parts
  }

  /** Named secrets, or all live ones in order of name. The audit entry lists exactly what the answer holds. */
  read(caller: Caller, request: ReadRequest): Promise<Answer<ReadResponse>> {
    const { gate, store, counters } = this.#parts
    return gate.decide(caller, "secret.read", async (access) => {
      const { secrets, after = "" } = request
      const keyset = await usableKeyset(access, store, request.environment, "read")
      const found = secrets ? await this.#named(keyset, secrets) : await this.#all(keyset, requirePrefix(after))
      const bundle = await bundleUnlessKnown(access, store, keyset, request.known)
      access.details.names = found.records.map(nameAndVersion)
      await gate.append(access)
      counters.seedsReleased(found.records.length)
      return bundle === undefined ? found : { keyset: bundle, ...found }
    })
  }

  async #named(keyset: KeysetState, asked: Asked): Promise<Found> {
    const records: ReadRecord[] = []
    const missing: Asked = []
    const rest: Asked = []
    let size = 0
    for (const [index, secret] of (await this.#find(keyset.row, asked)).entries()) {
      const each = asked[index]
      if (each === undefined) break
      if (size > readAnswerBytes) rest.push(each)
      else if (secret === undefined) missing.push(each)
      else {
        const kept = this.#parts.records.get(keyset, secret)
        const record = kept instanceof Promise ? await kept : kept
        size += record.record.length
        records.push(record)
      }
    }
    // What is there has a good name; the others must be told what is wrong with theirs.
    for (const { name } of missing) requireSecretName(name)
    return { records, missing, rest, next: null }
  }

  /** In the order asked. */
  async #find({ id }: KeysetRow, asked: Asked): Promise<(SecretRow | undefined)[]> {
    const { store } = this.#parts
    const newest = asked.filter(({ version }) => version === undefined).map(({ name }) => name)
    const current = newest.length > 0 ? await store.currentSecrets(id, newest) : []
    // All of them, in their order, is the usual case.
    if (current.length === asked.length && current.every(({ name }, index) => name === asked[index]?.name)) {
      return [...current]
    }
    const byName = new Map(current.map((secret) => [secret.name, secret]))
    return Promise.all(
      asked.map(({ name, version }) =>
        version === undefined ? byName.get(name) : store.secretVersion(id, name, version),
      ),
    )
  }

  async #all(keyset: KeysetState, after: string): Promise<Found> {
    const filter = { prefix: "", after, limit: namesPerRequest + 1, deleted: false }
    const secrets = await this.#parts.store.listSecrets(keyset.row.id, filter)
    const records: ReadRecord[] = []
    let size = 0
    for (const secret of secrets) {
      if (size > readAnswerBytes || records.length === namesPerRequest) break
      const record = await this.#parts.records.get(keyset, secret)
      size += record.record.length
      records.push(record)
    }
    const next = records.length < secrets.length ? (records.at(-1)?.name ?? null) : null
    return { records, missing: [], rest: [], next }
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
          hint: `halfkey secrets list -e ${keyset.name} shows the names`,
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
