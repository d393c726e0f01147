/** Running queries on PostgreSQL: reads on whatever connection of the pool is free, a transaction on one of its own. */
import type { ClientBase, Pool } from "pg"
import type { Query, Reader, Transaction } from "../query.ts"
import { statementOf } from "./compiling.ts"
import { failureOf, isAway } from "./failures.ts"

/** Whether this replica has heard of the database lately. */
export interface ContactCheck {
  readonly isKnown: boolean
  /** Waits for the word that is due. Throws `unavailable` where none comes. */
  require(): Promise<void>
}

/** Of a command, which has nothing in memory that could be old. */
export const noContactNeeded: ContactCheck = { isKnown: true, require: async () => {} }

export class PostgresReader implements Reader {
  readonly #pool: Pool
  readonly #contact: ContactCheck

  constructor(pool: Pool, contact: ContactCheck) {
    this.#pool = pool
    this.#contact = contact
  }

  async all<Row, Params>(query: Query<Row, Params>, parameters: Params): Promise<Row[]> {
    if (!this.#contact.isKnown) await this.#contact.require()
    const statement = statementOf(query, parameters)
    try {
      return (await this.#pool.query(statement)).rows as Row[]
    } catch (error) {
      if (!isAway(error)) throw failureOf(error)
    }
    // A connection that ended while nobody used it is only found out by using it.
    if (!this.#contact.isKnown) await this.#contact.require()
    try {
      return (await this.#pool.query(statement)).rows as Row[]
    } catch (error) {
      throw failureOf(error)
    }
  }

  async first<Row, Params>(query: Query<Row, Params>, parameters: Params): Promise<Row | undefined> {
    return (await this.all(query, parameters))[0]
  }
}

/** On one connection; the driver's errors go through as they are, for whoever ends the transaction. */
export class PostgresTransaction implements Transaction {
  readonly #client: ClientBase

  constructor(client: ClientBase) {
    this.#client = client
  }

  async all<Row, Params>(query: Query<Row, Params>, parameters: Params): Promise<Row[]> {
    return (await this.#client.query(statementOf(query, parameters))).rows as Row[]
  }

  async first<Row, Params>(query: Query<Row, Params>, parameters: Params): Promise<Row | undefined> {
    return (await this.all(query, parameters))[0]
  }

  async run<Params>(query: Query<unknown, Params>, parameters: Params): Promise<number> {
    return (await this.#client.query(statementOf(query, parameters))).rowCount ?? 0
  }
}
