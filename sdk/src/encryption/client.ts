/** The calls of `halfkey/encryption` on values and models. */
import type { EncryptedPayload } from "@halfkey/core/formats/field-payload"
import { wipe } from "@halfkey/core/primitives/bytes"
import type { CallScope } from "../call-scope.ts"
import { requireOptionTypes } from "../configuration.ts"
import { toResult } from "../failure.ts"
import type { SecretsOptions } from "../options.ts"
import type { Result } from "../result.ts"
import type { Session } from "../session.ts"
import { SessionHolder } from "../session-holder.ts"
import { type Tracer, traced } from "../tracing.ts"
import {
  checkedColumn,
  checkedKeyset,
  checkedList,
  checkedModel,
  checkedPlace,
  checkedRow,
  declaredColumns,
  encodedValue,
  requireKeysetType,
} from "./arguments.ts"
import { type FieldToOpen, type FieldToSeal, openFields, sealFields } from "./fields.ts"
import { type FieldWithValue, placedFields, rowReader, spread } from "./placed-fields.ts"
import type {
  Absent,
  DecryptedModel,
  EncryptedModel,
  EncryptionCallOptions,
  EncryptionOptions,
  FieldPlace,
  FieldToDecrypt,
  FieldToEncrypt,
  ModelFor,
  ModelPlace,
  ModelsPlace,
} from "./types.ts"

/**
 * Encrypts and decrypts under one key set. `null` stays null. Lists are all or nothing, and one request for up to 10,000
 * values; nothing that the server says about keys is believed before it is verified (S4).
 */
export class EncryptionClient {
  readonly #columns: ReadonlySet<unknown>
  readonly #options: EncryptionOptions
  readonly #holder: SessionHolder
  readonly #tracer: Tracer | undefined

  /** @internal */
  constructor(options: EncryptionOptions) {
    requireKeysetType(options)
    this.#columns = declaredColumns(options)
    this.#options = options
    const { keyset, ...settings } = options.config
    const own: SecretsOptions = { ...settings, environment: keyset.name ?? keyset.id }
    requireOptionTypes(own)
    this.#holder = new SessionHolder(own, "required")
    this.#tracer = settings.tracer
  }

  /**
   * Encrypts a value for one column of one row. What comes out goes into a `jsonb` column, or as JSON text into one of text.
   *
   * @example
   * const sealed = unwrap(await encryption.encrypt("ada@example.com", { column: users.email, row: 42 }))
   * console.log(Object.keys(sealed).join()) // prints v,e,c
   */
  encrypt<Value, const Given extends Value | null>(
    value: Given,
    place: FieldPlace<Value>,
    options: EncryptionCallOptions = {},
  ): Promise<Result<EncryptedPayload | Extract<Given, null>>> {
    return this.#call("encrypt", async () => {
      const [sealed] = await this.#seal([{ ...checkedPlace(this.#columns, place), value }], options)
      return sealed as EncryptedPayload | Extract<Given, null>
    })
  }

  /**
   * Decrypts a payload, or its JSON text, at the place where it was encrypted. Fails with `record_verification_failed` for
   * another column, row or table, another key set, and for anything that was changed.
   *
   * @example
   * const sealed = unwrap(await encryption.encrypt("ada@example.com", { column: users.email, row: 42 }))
   * console.log(unwrap(await encryption.decrypt(sealed, { column: users.email, row: 42 }))) // prints ada@example.com
   * const moved = await encryption.decrypt(sealed, { column: users.email, row: 43 })
   * console.log(moved.failure?.check) // prints commit
   */
  decrypt<Value, Given>(
    payload: Given,
    place: FieldPlace<Value>,
    options: EncryptionCallOptions = {},
  ): Promise<Result<Value | Extract<Absent<Given>, null>>> {
    return this.#call("decrypt", async () => {
      const [value] = await this.#open([{ ...checkedPlace(this.#columns, place), payload }], options)
      return value as Value | Extract<Absent<Given>, null>
    })
  }

  /**
   * Encrypts values of many rows of one column, in their order.
   *
   * @example
   * const people = [{ value: "ada@example.com", row: 1 }, { value: null, row: 2 }]
   * const sealed = unwrap(await encryption.bulkEncrypt(people, { column: users.email }))
   * console.log(sealed.length, sealed[1]) // prints 2 null
   */
  bulkEncrypt<Value>(
    items: readonly FieldToEncrypt<Value>[],
    place: Pick<FieldPlace<Value>, "column">,
    options: EncryptionCallOptions = {},
  ): Promise<Result<(EncryptedPayload | null)[]>> {
    return this.#call("bulkEncrypt", async () => {
      const column = checkedColumn(this.#columns, place?.column)
      const fields = checkedList(items, "items").map((item): FieldWithValue => {
        const { row, value } = checkedModel(item)
        return { column, row: checkedRow(row), value }
      })
      return (await this.#seal(fields, options)) as (EncryptedPayload | null)[]
    })
  }

  /**
   * Decrypts many rows of one column, in their order: all of them or none. A failure says in `facts.index` which one it is.
   *
   * @example
   * const people = [{ value: "ada@example.com", row: 1 }, { value: "grace@example.com", row: 2 }]
   * const [ada, grace] = unwrap(await encryption.bulkEncrypt(people, { column: users.email }))
   * const rows = [{ payload: ada, row: 1 }, { payload: grace, row: 2 }]
   * console.log(unwrap(await encryption.bulkDecrypt(rows, { column: users.email })).join())
   * // prints ada@example.com,grace@example.com
   */
  bulkDecrypt<Value>(
    items: readonly FieldToDecrypt[],
    place: Pick<FieldPlace<Value>, "column">,
    options: EncryptionCallOptions = {},
  ): Promise<Result<(Value | null)[]>> {
    return this.#call("bulkDecrypt", async () => {
      const column = checkedColumn(this.#columns, place?.column)
      const fields = checkedList(items, "items").map((item): FieldToOpen => {
        const { payload, row } = checkedModel(item)
        return { column, row: checkedRow(row), payload }
      })
      return (await this.#open(fields, options)) as (Value | null)[]
    })
  }

  /**
   * A copy of a model whose encrypted columns hold payloads. Everything else stays as it is.
   *
   * @example
   * const ada = { id: 1, email: "ada@example.com", age: 36, city: "London" }
   * const row = unwrap(await encryption.encryptModel(ada, { table: users, row: ada.id }))
   * console.log(row.city, row.email.v) // prints London 1
   */
  encryptModel<Table extends object, Model extends ModelFor<Table>>(
    model: Model,
    place: ModelPlace<Table>,
    options: EncryptionCallOptions = {},
  ): Promise<Result<EncryptedModel<Model, Table>>> {
    return this.#call("encryptModel", async () => {
      const [sealed] = await this.#models("seal", [model], place?.table, () => place.row, options)
      return sealed as EncryptedModel<Model, Table>
    })
  }

  /**
   * A copy of a row whose encrypted columns hold values again.
   *
   * @example
   * const ada = { id: 1, email: "ada@example.com", age: null }
   * const row = unwrap(await encryption.encryptModel(ada, { table: users, row: ada.id }))
   * console.log(unwrap(await encryption.decryptModel(row, { table: users, row: row.id })))
   * // prints { id: 1, email: 'ada@example.com', age: null }
   */
  decryptModel<Table extends object, Model extends object>(
    model: Model,
    place: ModelPlace<Table>,
    options: EncryptionCallOptions = {},
  ): Promise<Result<DecryptedModel<Model, Table>>> {
    return this.#call("decryptModel", async () => {
      const [opened] = await this.#models("open", [model], place?.table, () => place.row, options)
      return opened as DecryptedModel<Model, Table>
    })
  }

  /**
   * As `encryptModel`, of many: `row` says what the row of each is.
   *
   * @example
   * const people = [{ id: 1, email: "ada@example.com" }, { id: 2, email: "grace@example.com" }]
   * const rows = unwrap(await encryption.bulkEncryptModels(people, { table: users, row: ({ id }) => id }))
   * console.log(rows.map(({ id }) => id).join()) // prints 1,2
   */
  bulkEncryptModels<Table extends object, Model extends ModelFor<Table>>(
    models: readonly Model[],
    place: ModelsPlace<Table, Model>,
    options: EncryptionCallOptions = {},
  ): Promise<Result<EncryptedModel<Model, Table>[]>> {
    return this.#call("bulkEncryptModels", async () => {
      const sealed = await this.#models("seal", models, place?.table, rowReader(place?.row), options)
      return sealed as EncryptedModel<Model, Table>[]
    })
  }

  /**
   * As `decryptModel`, of many: a whole result set with one request.
   *
   * @example
   * const people = [{ id: 1, email: "ada@example.com" }, { id: 2, email: "grace@example.com" }]
   * const rows = unwrap(await encryption.bulkEncryptModels(people, { table: users, row: ({ id }) => id }))
   * const [, grace] = unwrap(await encryption.bulkDecryptModels(rows, { table: users, row: ({ id }) => id }))
   * console.log(grace?.email) // prints grace@example.com
   */
  bulkDecryptModels<Table extends object, Model extends object>(
    models: readonly Model[],
    place: ModelsPlace<Table, Model>,
    options: EncryptionCallOptions = {},
  ): Promise<Result<DecryptedModel<Model, Table>[]>> {
    return this.#call("bulkDecryptModels", async () => {
      const opened = await this.#models("open", models, place?.table, rowReader(place?.row), options)
      return opened as DecryptedModel<Model, Table>[]
    })
  }

  /**
   * Waits for calls under way, then overwrites all keys in memory. Later calls fail.
   *
   * @example
   * await encryption.close()
   * const { failure } = await encryption.encrypt("ada@example.com", { column: users.email, row: 42 })
   * console.log(failure?.code) // prints invalid_argument
   */
  async close(): Promise<void> {
    await this.#holder.close()
  }

  #call<T>(method: string, work: () => Promise<T>): Promise<Result<T>> {
    const { id, name } = this.#options.config.keyset
    return traced(this.#tracer, method, name ?? id, () => toResult(work))
  }

  /** Every encrypted column of every model in one go, each model as a copy. */
  async #models(
    direction: "open" | "seal",
    models: readonly unknown[],
    table: unknown,
    rowOf: (model: never) => unknown,
    options: EncryptionCallOptions,
  ): Promise<object[]> {
    const { copies, fields } = placedFields(this.#columns, models, table, rowOf)
    const results = await (direction === "seal" ? this.#seal(fields, options) : this.#open(fields, options))
    for (const [index, { copy, key }] of fields.entries()) copy[key] = results[index]
    return [...copies]
  }

  /** `null` for null. */
  async #seal(fields: readonly FieldWithValue[], options: EncryptionCallOptions): Promise<unknown[]> {
    const toSeal: FieldToSeal[] = []
    try {
      for (const { column, row, value } of fields) {
        if (value !== null) toSeal.push({ column, row, plaintext: encodedValue(column, value) })
      }
      const sealed = await this.#run(toSeal, options, sealFields)
      return spread(fields, ({ value }) => value === null, sealed)
    } finally {
      wipe(...toSeal.map(({ plaintext }) => plaintext))
    }
  }

  /** `null` for null. */
  async #open(fields: readonly FieldToOpen[], options: EncryptionCallOptions): Promise<unknown[]> {
    const toOpen = fields.filter(({ payload }) => payload !== null)
    const opened = await this.#run(toOpen, options, openFields)
    return spread(fields, ({ payload }) => payload === null, opened)
  }

  /** Nothing is sent where there is nothing to do, but a wrong setting is told all the same. */
  async #run<Field>(
    fields: readonly Field[],
    options: EncryptionCallOptions,
    work: (session: Session, scope: CallScope, keyset: string, fields: readonly Field[]) => Promise<unknown[]>,
  ): Promise<unknown[]> {
    const keyset = checkedKeyset(this.#options)
    const { session } = this.#holder
    if (fields.length === 0) return []
    return await session.run(options, async (scope) => await work(session, scope, keyset, fields))
  }
}
