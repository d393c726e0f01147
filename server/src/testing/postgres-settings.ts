/** How a test reaches its PostgreSQL without going through the server's configuration. */
import type { PostgresSettings } from "../store/postgres/pool.ts"

export function postgresSettings(url: string, changes: Partial<PostgresSettings> = {}): PostgresSettings {
  const { hostname, port, username, pathname } = new URL(url)
  return {
    host: hostname,
    port: Number(port),
    user: username,
    database: pathname.slice(1),
    password: undefined,
    tls: false,
    poolSize: 5,
    statementTimeoutMs: 10_000,
    startTimeoutMs: 10_000,
    ...changes,
  }
}
