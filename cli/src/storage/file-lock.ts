/** One process at a time, by a lock file that a crashed owner cannot leave behind for long. */
import { randomBytes } from "node:crypto"
import { closeSync, linkSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from "node:fs"
import { HalfkeyError } from "@halfkey/core/formats/errors"

/** What is done under a lock takes milliseconds: an older lock has lost its owner. */
const staleAfterMs = 10_000
const waitMs = 5
const giveUpAfterMs = 15_000

/** Runs `action` while no other process runs one under the same path. */
export function underLock<T>(path: string, action: () => T): T {
  const mine = `${process.pid} ${randomBytes(8).toString("hex")}`
  acquire(path, mine)
  try {
    return action()
  } finally {
    // Taken over, in the belief that this process was dead? Then it is not ours to remove.
    if (contentOf(path) === mine) rmSync(path, { force: true })
  }
}

function acquire(path: string, mine: string): void {
  const started = Date.now()
  for (;;) {
    if (make(path, mine)) return
    const seen = contentOf(path)
    if (seen !== undefined && isStale(path, seen)) takeAway(path, seen)
    else if (Date.now() - started > giveUpAfterMs) {
      throw new HalfkeyError("unexpected", `another halfkey holds ${path} for too long`, { hint: `rm ${path}` })
    } else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, waitMs)
  }
}

/** `false` when somebody else has it. Throws where no file can be made. */
function make(path: string, mine: string): boolean {
  let descriptor: number
  try {
    descriptor = openSync(path, "wx", 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false
    throw error
  }
  try {
    writeSync(descriptor, mine)
  } catch (error) {
    // An empty file fits on a full disk, its content does not: left behind, it would keep everybody out for a while.
    rmSync(path, { force: true })
    throw error
  } finally {
    closeSync(descriptor)
  }
  return true
}

/** Whether the owner of the lock is gone. */
export function isStale(path: string, content: string): boolean {
  const pid = Number.parseInt(content, 10)
  if (pid > 0 && !isAlive(pid)) return true
  try {
    return Date.now() - statSync(path).mtimeMs > staleAfterMs
  } catch {
    return false
  }
}

/**
 * Two waiters may both see the dead owner, and the slower one would remove the lock that the faster one has just made:
 * so it is moved aside first, looked at, and put back if it is another one. Throws where it cannot be moved, as on a disk
 * that became read-only: no later round would do better.
 */
function takeAway(path: string, seen: string): void {
  const aside = `${path}.${randomBytes(6).toString("hex")}`
  try {
    renameSync(path, aside)
    if (readFileSync(aside, "utf8") !== seen) linkSync(aside, path)
  } catch (error) {
    // Somebody else was faster; the next round sees what is there now.
    if (!["ENOENT", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error
  }
  rmSync(aside, { force: true })
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return undefined
  }
}

/** Whether a process of that number runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it lives, as another user.
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}
