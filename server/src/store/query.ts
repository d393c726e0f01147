/**
 * Queries: built with Kysely, compiled once for each connection, then run with named parameters. The definition is the
 * same for every database; a dialect only compiles it and runs it.
 */
import type { Compilable, CompiledQuery, Kysely } from "kysely"
import type { Schema } from "./schema.ts"

/** Stands in a compiled query for a value that comes with each run. */
export class Placeholder {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

type Parameter<Params> = <Name extends keyof Params & string>(name: Name) => Params[Name]

export interface Query<Row, Params> {
  /** Compiles for a dialect; `Placeholder`s are among the parameters. */
  compile(builder: Kysely<Schema>): CompiledQuery<Row>
  /** Only for the types. */
  readonly parameters?: Params
}

/** Defines a query with these parameters: `defineQuery<{ id: string }>()((db, p) => db.selectFrom(…).where("id", "=", p("id")))`. */
export function defineQuery<Params extends object = Record<never, never>>() {
  return <Row>(build: (builder: Kysely<Schema>, p: Parameter<Params>) => Compilable<Row>): Query<Row, Params> => ({
    compile: (builder) => build(builder, (name) => new Placeholder(name) as never).compile(),
  })
}

/** Runs queries on one connection. */
export interface Reader {
  all<Row, Params>(query: Query<Row, Params>, parameters: Params): Promise<Row[]>
  /** The first row. */
  first<Row, Params>(query: Query<Row, Params>, parameters: Params): Promise<Row | undefined>
}

/** Runs queries inside a transaction. */
export interface Transaction extends Reader {
  /** Rows changed. */
  run<Params>(query: Query<unknown, Params>, parameters: Params): Promise<number>
}
