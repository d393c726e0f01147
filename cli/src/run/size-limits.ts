/** What the system takes as arguments and variables of a new program, checked before the start so that the error can name a name. */
import { readFileSync } from "node:fs"
import { HalfkeyError } from "@halfkey/core/formats/errors"

export interface SizeLimits {
  /** Most bytes of one string, its NUL included; `undefined`: no such limit. */
  readonly string: number | undefined
  /** Most bytes of all strings together, each with its NUL and a pointer. */
  readonly total: number
}

const pointerSize = 8
/** Left for the program's path, for an interpreter of a script and for what the kernel adds. */
const reserve = 4096
/** No system takes less: below this nothing needs to be looked up. */
const alwaysTaken = 96 * 1024

/** Linux: MAX_ARG_STRLEN is 32 pages of 4 KiB; all together may fill a quarter of the stack, at least 128 KiB and at most 6 MiB. */
export function limitsOf(platform: NodeJS.Platform, stackLimit: () => number | undefined): SizeLimits {
  if (platform === "win32") return { string: 32_767, total: 32_767 }
  if (platform !== "linux") return { string: undefined, total: 1_048_576 }
  const quarter = Math.floor((stackLimit() ?? 8_388_608) / 4)
  return { string: 131_072, total: Math.min(Math.max(quarter, 131_072), 6_291_456) }
}

/** The soft limit of this process's stack in bytes; infinite when unlimited; `undefined` when it cannot be told. */
export function linuxStackLimit(): number | undefined {
  try {
    const line = /^Max stack size\s+(\d+|unlimited)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1]
    return line === "unlimited" ? Number.POSITIVE_INFINITY : line === undefined ? undefined : Number(line)
  } catch {
    return undefined
  }
}

/**
 * Throws `value_too_large` that names the largest variable when the system would refuse to start the program. Returns
 * whether all of it is so small that no system would.
 */
export function requireFitting(
  command: readonly string[],
  variables: Readonly<Record<string, string>>,
  limits: () => SizeLimits = () => limitsOf(process.platform, linuxStackLimit),
): boolean {
  let total = reserve
  let largest = { name: "", size: 0 }
  for (const argument of command) total += Buffer.byteLength(argument) + 1 + pointerSize
  for (const [name, value] of Object.entries(variables)) {
    const size = Buffer.byteLength(name) + Buffer.byteLength(value) + 2
    if (size > largest.size) largest = { name, size }
    total += size + pointerSize
  }
  if (total <= alwaysTaken) return true
  const { string, total: allowed } = limits()
  if (string !== undefined && largest.size > string) {
    throw tooLarge(
      `the variable ${largest.name} takes ${largest.size} bytes, the system allows ${string}`,
      largest.name,
    )
  }
  if (total > allowed) {
    const why = `arguments and variables take ${total} bytes together, the system allows ${allowed}`
    throw tooLarge(`${why}; the largest is ${largest.name} with ${largest.size}`, largest.name)
  }
  return false
}

function tooLarge(why: string, name: string): HalfkeyError {
  return new HalfkeyError("value_too_large", `nothing was started: ${why}`, {
    hint: `let the program read large values itself: halfkey get ${name}`,
  })
}
