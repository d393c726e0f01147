/** The one-time setup token: whoever can read the data directory may create a workspace. Only its hash is stored. */
import { existsSync, readFileSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import { formatSetupToken, parseSetupToken } from "@halfkey/core/formats/text-keys"
import { sha256 } from "@halfkey/core/primitives/hash"
import type { RandomSource } from "@halfkey/core/primitives/random"
import { syncDirectory, writeDurably } from "./data-directory.ts"
import type { Store } from "./domain/store.ts"

export const setupTokenPath = (dataDirectory: string) => join(dataDirectory, "setup-token")

/**
 * Makes sure that the file holds a token that works. A crash between file and database is healed by the next start. `false`
 * where `mayBeElsewhere`, and another replica keeps one already.
 */
export async function ensureSetupToken(
  path: string,
  store: Store,
  {
    mayBeElsewhere,
    now,
    random,
  }: { readonly mayBeElsewhere: boolean; readonly now: number; readonly random: RandomSource },
): Promise<boolean> {
  const hash = existsSync(path) ? hashOf(readFileSync(path, "utf8").trim()) : undefined
  if (hash !== undefined && (await store.isSetupToken(hash))) return true
  if (mayBeElsewhere && (await store.isSetupToken())) return false
  await newSetupToken(path, store, now, random)
  return true
}

/** Replaces every unused token by a fresh one. */
export async function newSetupToken(path: string, store: Store, now: number, random: RandomSource): Promise<void> {
  const secret = random(32)
  writeDurably(path, `${formatSetupToken(secret)}\n`)
  await store.replaceSetupToken({ hash: sha256(secret), createdAt: now })
}

/** Where the token was used at another replica. Not while another one is being made. */
export async function removeUsedSetupToken(path: string, store: Store): Promise<void> {
  if (!existsSync(path)) return
  await store.alone(async () => {
    const hash = existsSync(path) ? hashOf(readFileSync(path, "utf8").trim()) : undefined
    if (hash !== undefined && !(await store.isSetupToken(hash))) removeSetupToken(path)
  })
}

/** After the token was used up. */
export function removeSetupToken(path: string): void {
  rmSync(path, { force: true })
  syncDirectory(dirname(path))
}

function hashOf(text: string): Uint8Array | undefined {
  try {
    return sha256(parseSetupToken(text))
  } catch {
    return undefined
  }
}
