/** Queries as PostgreSQL takes them: each compiled once for the process, and prepared once by each connection. */
import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from "kysely"
import { Placeholder, type Query } from "../query.ts"
import type { Schema } from "../schema.ts"
import { statements } from "./statements.ts"

/** Builds and compiles for PostgreSQL; never runs anything. */
export const postgresBuilder = new Kysely<Schema>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})

/** What the driver is handed. */
export interface Statement {
  /** Of the prepared statement. */
  readonly name: string
  readonly text: string
  readonly values: unknown[]
}

interface Compiled {
  readonly name: string
  readonly text: string
  readonly parameters: readonly unknown[]
}

const compiled = new Map<Query<unknown, never>, Compiled>()

export function statementOf<Params>(query: Query<unknown, Params>, parameters: Params): Statement {
  const key = query as Query<unknown, never>
  let known = compiled.get(key)
  if (known === undefined) {
    const { sql: text, parameters } = (statements.get(key) ?? key).compile(postgresBuilder)
    known = { name: `halfkey_${compiled.size}`, text, parameters }
    compiled.set(key, known)
  }
  const values = parameters as Record<string, unknown>
  return {
    name: known.name,
    text: known.text,
    values: known.parameters.map((each) => (each instanceof Placeholder ? values[each.name] : each)),
  }
}
