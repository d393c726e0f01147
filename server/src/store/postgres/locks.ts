/** Advisory locks: "HLFK", and what is locked. */
import type { ClientBase } from "pg"

const space = 0x484c464b

export const locks = {
  /** Migrations, the first start, and every write about the server itself. */
  server: [space, 1],
  /** Whoever holds it brings audit entries into their tree and streams them. */
  sequencer: [space, 2],
  /** Shared by all that run: whoever changes the root key needs it alone. */
  running: [space, 3],
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
