/** Connections to PostgreSQL, each with the same settings and bounds. */
import type { ConnectionOptions } from "node:tls"
import pg from "pg"

/** How the database is reached; made from `HALFKEY_DATABASE_URL` by `database-settings.ts`. */
export interface PostgresSettings {
  /** A name, an address, or the directory of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
  /** Asked at each connection: the file may hold another one by then. */
  readonly password: (() => string) | undefined
  /** `false`: in the clear. */
  readonly tls: ConnectionOptions | false
  /** Most connections for requests. */
  readonly poolSize: number
  /** Milliseconds, of one statement. */
  readonly statementTimeoutMs: number
  /** How long a start waits for the database, in milliseconds. */
  readonly startTimeoutMs: number
}

const lockTimeoutMs = 5000
const idleInTransactionTimeoutMs = 10_000
/** For a connection, or for one of the pool to become free. */
const connectTimeoutMs = 5000
/** Beyond what the database allows itself: a network that swallows everything says nothing. */
const silenceMs = 2000

/**
 * What is committed is on disk, whatever the database's own default is. And the database notices within seconds that the machine
 * at this end is gone: until then a dead replica would keep its locks.
 */
const sessionOptions = [
  "synchronous_commit=on",
  "tcp_keepalives_idle=5",
  "tcp_keepalives_interval=2",
  "tcp_keepalives_count=3",
  "tcp_user_timeout=11000",
]
  .map((each) => `-c ${each}`)
  .join(" ")

/** What a connection may wait for, in milliseconds, where that is not what requests may. */
export interface Patience {
  readonly connectMs: number
  readonly queryMs: number
}

function clientConfig(settings: PostgresSettings, patience?: Patience): pg.ClientConfig {
  const { database, host, password, port, statementTimeoutMs, tls, user } = settings
  return {
    host,
    port,
    user,
    database,
    ...(password !== undefined && { password }),
    ssl: tls,
    // So that an operator finds the process of a connection.
    application_name: `halfkey-server ${process.pid}`,
    statement_timeout: statementTimeoutMs,
    query_timeout: patience?.queryMs ?? statementTimeoutMs + silenceMs,
    lock_timeout: Math.min(lockTimeoutMs, statementTimeoutMs),
    idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
    connectionTimeoutMillis: patience?.connectMs ?? connectTimeoutMs,
    keepAlive: true,
    options: sessionOptions,
    types: { getTypeParser },
  }
}

const bigint = 20
/** Our 64-bit numbers are times, versions and counts: all are exact as numbers. */
function getTypeParser(oid: number, format?: "text" | "binary") {
  return oid === bigint && format !== "binary" ? Number : pg.types.getTypeParser(oid, format as "text")
}

export interface BoundedPool {
  readonly pool: pg.Pool
  /** Ends every connection: what is under way on them fails now. The pool makes new ones. */
  readonly dropAll: () => void
}

export function createPool(settings: PostgresSettings): BoundedPool {
  const pool = new pg.Pool({ ...clientConfig(settings), max: settings.poolSize, idleTimeoutMillis: 60_000 })
  const clients = new Set<pg.PoolClient>()
  // A connection that ends is replaced when it is needed; whoever uses it just now is told by what it waits for.
  pool.on("error", () => {})
  pool.on("connect", (client) => {
    clients.add(client)
    client.on("error", () => {})
  })
  pool.on("remove", (client) => clients.delete(client))
  const dropAll = () => {
    for (const client of clients) (client as unknown as pg.Client).end().catch(() => {})
  }
  return { pool, dropAll }
}

/** Of whoever waits for a lock: another replica may be in the middle of a migration. */
export const patienceForLocks: Patience = { connectMs: connectTimeoutMs, queryMs: 600_000 }

export interface OwnConnection {
  readonly patience?: Patience
  /** Whoever says nothing for so long is stopped or stuck: the database ends the connection, and its locks are free. */
  readonly idleMs?: number
  /** Called when it is lost. */
  readonly onEnd?: (client: pg.Client) => void
}

/** A connection of its own, for locks and for listening; connected. */
export async function connectAlone(settings: PostgresSettings, own: OwnConnection = {}): Promise<pg.Client> {
  const client = new pg.Client(clientConfig(settings, own.patience))
  client.on("error", () => {})
  client.once("end", () => own.onEnd?.(client))
  await client.connect()
  // Not known before PostgreSQL 14, nor to every engine that speaks its protocol.
  if (own.idleMs !== undefined) await client.query(`set idle_session_timeout = ${own.idleMs}`).catch(ignoreUnknown)
  return client
}

function ignoreUnknown(error: { readonly code?: string }): void {
  if (error.code !== "42704") throw error
}
