/** Advisory locks: "HLFK", and what is locked. */
import type { ClientBase } from "pg"

const space = 0x484c464b

export const locks = {
  /** Migrations, and every write about the server itself. */
  server: [space, 1],
  /** Whoever holds it brings audit entries into their tree and streams them. */
  sequencer: [space, 2],
  /** Shared by all that run: whoever changes the root key needs it alone. */
  running: [space, 3],
  /** What files and database agree on when a replica starts: root key and setup token. */
  start: [space, 4],
} as const

type Lock = (typeof locks)[keyof typeof locks]

const words = (lock: Lock) => `${lock[0]}, ${lock[1]}`

/** SQL that waits for it, until the transaction ends. */
export const lockInTransaction = (lock: Lock) => `select pg_advisory_xact_lock(${words(lock)})`

/** Waits for it; it is held until it is given back, or the connection ends. */
export async function lock(client: ClientBase, which: Lock): Promise<void> {
  await client.query(`select pg_advisory_lock(${words(which)})`)
}

export async function unlock(client: ClientBase, which: Lock): Promise<void> {
  await client.query(`select pg_advisory_unlock(${words(which)})`)
}

/** Whether it is held from now on. */
export async function tryLock(client: ClientBase, which: Lock): Promise<boolean> {
  const { rows } = await client.query(`select pg_try_advisory_lock(${words(which)}) as got`)
  return rows[0]?.got === true
}

export async function tryLockShared(client: ClientBase, which: Lock): Promise<boolean> {
  const { rows } = await client.query(`select pg_try_advisory_lock_shared(${words(which)}) as got`)
  return rows[0]?.got === true
}
