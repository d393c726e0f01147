/** One SQLite connection that runs queries: each is compiled once and kept as a prepared statement. */
import type Database from "better-sqlite3"
import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "kysely"
import { Placeholder, type Query, type Transaction } from "../query.ts"
import type { Schema } from "../schema.ts"

/** Builds and compiles for SQLite; never runs anything. */
export const sqliteBuilder = new Kysely<Schema>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
})

interface Prepared {
  readonly statement: Database.Statement<unknown[]>
  readonly parameters: readonly unknown[]
}

export class SqliteConnection implements Transaction {
  readonly #db: Database.Database
  readonly #prepared = new Map<Query<unknown, never>, Prepared>()

  constructor(db: Database.Database) {
    this.#db = db
  }

  async all<Row, Params>(query: Query<Row, Params>, parameters: Params): Promise<Row[]> {
    const prepared = this.#prepare(query)
    return prepared.statement.all(bind(prepared, parameters)) as Row[]
  }

  async first<Row, Params>(query: Query<Row, Params>, parameters: Params): Promise<Row | undefined> {
    const prepared = this.#prepare(query)
    return prepared.statement.get(bind(prepared, parameters)) as Row | undefined
  }

  async run<Params>(query: Query<unknown, Params>, parameters: Params): Promise<number> {
    const prepared = this.#prepare(query)
    return prepared.statement.run(bind(prepared, parameters)).changes
  }

  /** Runs a query again and again, without a promise for each time. */
  runner<Params>(query: Query<unknown, Params>): (parameters: Params) => void {
    const prepared = this.#prepare(query)
    return (parameters) => void prepared.statement.run(bind(prepared, parameters))
  }

  #prepare<Row, Params>(query: Query<Row, Params>): Prepared {
    const key = query as Query<unknown, never>
    const known = this.#prepared.get(key)
    if (known !== undefined) return known
    const { sql, parameters } = query.compile(sqliteBuilder)
    const prepared = { statement: this.#db.prepare<unknown[]>(sql), parameters }
    this.#prepared.set(key, prepared)
    return prepared
  }
}

function bind(prepared: Prepared, parameters: unknown): unknown[] {
  const values = parameters as Record<string, unknown>
  return prepared.parameters.map((each) => (each instanceof Placeholder ? values[each.name] : each))
}
