/** The way to a database that is ready: waiting for it, checking what it promises, bringing its schema up to date. */
import { setTimeout as wait } from "node:timers/promises"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { Client } from "pg"
import { isAway } from "./failures.ts"
import { lock, locks, unlock } from "./locks.ts"
import { connectAlone, type PostgresSettings, patienceForLocks } from "./pool.ts"
import { prepareSchema } from "./schema.ts"

const retryMs = 250

/** Told while a start waits. */
export interface OpeningLog {
  warn(facts: object, message: string): void
  info(facts: object, message: string): void
}

/** Waits until there is a database, and no longer than the settings say. Throws `unavailable`, `invalid_configuration`. */
export async function waitForDatabase(settings: PostgresSettings, log: OpeningLog): Promise<Client> {
  const until = performance.now() + settings.startTimeoutMs
  let isTold = false
  for (;;) {
    try {
      const client = await connectAlone(settings, { patience: patienceForLocks })
      if (isTold) log.info({}, "the database is there")
      return client
    } catch (error) {
      const { code = "" } = error as { code?: string }
      if (!isAway(error)) throw refused(code)
      if (performance.now() >= until) throw tooLate(settings, code)
      if (!isTold) log.warn({ reason: code, forMs: settings.startTimeoutMs }, "waiting for the database")
      isTold = true
    }
    await wait(retryMs)
  }
}

/** One replica at a time, of all that start at once. Throws `database_too_new`, `database_damaged`, `invalid_configuration`. */
export async function prepareDatabase(client: Client): Promise<void> {
  await requireDurability(client)
  // Whoever waits here waits for a migration, which may take its time.
  await client.query("set statement_timeout = 0; set lock_timeout = 0")
  await lock(client, locks.server)
  try {
    await prepareSchema(client)
  } finally {
    await unlock(client, locks.server)
  }
}

/** What is committed must survive a crash of the database's machine. */
async function requireDurability(client: Client): Promise<void> {
  for (const name of ["fsync", "full_page_writes", "synchronous_commit"]) {
    const { rows } = await client.query("select current_setting($1, true) as value", [name])
    if (rows[0]?.value !== "off") continue
    throw new HalfkeyError(
      "invalid_configuration",
      `the database runs with ${name}=off: it may lose what it confirmed`,
      {
        hint: `set ${name}=on in postgresql.conf`,
      },
    )
  }
}

function refused(code: string): HalfkeyError {
  const why = reasons.get(code) ?? (code === "" ? "it gives no usable answer" : `it refuses the connection (${code})`)
  return new HalfkeyError("invalid_configuration", `the database of HALFKEY_DATABASE_URL cannot be used: ${why}`, {
    hint: "check host, user, database and password, and sslmode and sslrootcert: docs/guides/postgresql.md",
  })
}

const reasons: ReadonlyMap<string, string> = new Map([
  ["28P01", "it does not take the password"],
  ["28000", "it does not let this user in"],
  ["3D000", "there is no database of this name"],
  ["42501", "this user may not make tables in it"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "its certificate is for another host"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "its certificate is signed by nobody that is trusted"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "its certificate is signed by nobody that is trusted"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "its certificate is signed by nobody that is trusted"],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "its certificate is signed by nobody that is trusted"],
  ["CERT_HAS_EXPIRED", "its certificate has expired"],
])

function tooLate({ startTimeoutMs }: PostgresSettings, code: string): HalfkeyError {
  const seconds = Math.round(startTimeoutMs / 1000)
  return new HalfkeyError(
    "unavailable",
    `the database could not be reached within ${seconds} seconds (${code || "?"})`,
    {
      hint: "start it, or check host and port in HALFKEY_DATABASE_URL; HALFKEY_DATABASE_START_TIMEOUT changes the time",
    },
  )
}
