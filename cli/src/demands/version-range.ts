/** Whether a version is in a range, as npm writes both. Only what people write by hand: `^1.2`, `>=1.2 <2`, `1.x`, `1.2.3 || ^2`. */

type Version = readonly [major: number, minor: number, patch: number, preRelease: string]

/** From `low` on, and before `high`; `undefined`: no end. */
interface Interval {
  readonly low: Version
  readonly high: Version | undefined
}

const zero: Version = [0, 0, 0, ""]

/** `undefined` where the range is none that can be compared: a tag, a file, `workspace:*`. Throws `RangeError` for no version. */
export function isInRange(version: string, range: string): boolean | undefined {
  const found = parseVersion(version)
  if (found === undefined) throw new RangeError("no version")
  const alternatives = range.split("||").map((part) =>
    part
      .replace(/(>=|<=|[<>=^~])\s+/g, "$1")
      .trim()
      .split(/\s+/),
  )
  const intervals = alternatives.map((comparators) => comparators.map(intervalOf))
  if (intervals.some((each) => each.includes(undefined))) return undefined
  return intervals.some((each) => each.every((interval) => interval !== undefined && contains(interval, found)))
}

/** Below 0: `left` is older. Throws `RangeError` where one is no version. */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [parseVersion(left), parseVersion(right)]
  if (a === undefined || b === undefined) throw new RangeError("no version")
  return compare(a, b)
}

function parseVersion(text: string): Version | undefined {
  const [, major, minor, patch, preRelease = ""] =
    /^v?(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-([0-9A-Za-z.-]+))?(?:\+.*)?$/.exec(text) ?? []
  return patch === undefined ? undefined : [Number(major), Number(minor), Number(patch), preRelease]
}

function intervalOf(comparator: string): Interval | undefined {
  const [whole, operator = "", major, minor, patch, preRelease = ""] =
    /^(>=|<=|[<>=^~])?v?(\d{1,9}|[xX*])?(?:\.(\d{1,9}|[xX*]))?(?:\.(\d{1,9}|[xX*]))?(?:-([0-9A-Za-z.-]+))?(?:\+.*)?$/.exec(
      comparator,
    ) ?? []
  if (whole === undefined) return undefined
  const given = [major, minor, patch].map((part) => (part === undefined || /\D/.test(part) ? undefined : Number(part)))
  const [x, y, z] = given
  if (x === undefined) return { low: zero, high: undefined }
  const low: Version = [x, y ?? 0, z ?? 0, preRelease]
  // Behind everything that begins with what was given.
  const next: Version = y === undefined ? [x + 1, 0, 0, "0"] : z === undefined ? [x, y + 1, 0, "0"] : after(low)
  if (operator === ">=") return { low, high: undefined }
  if (operator === ">") return { low: next, high: undefined }
  if (operator === "<") return { low: zero, high: low }
  if (operator === "<=") return { low: zero, high: next }
  if (operator === "~") return { low, high: y === undefined ? [x + 1, 0, 0, "0"] : [x, y + 1, 0, "0"] }
  if (operator !== "^") return { low, high: next }
  if (x > 0 || y === undefined) return { low, high: [x + 1, 0, 0, "0"] }
  if (y > 0 || z === undefined) return { low, high: [0, y + 1, 0, "0"] }
  return { low, high: [0, 0, z + 1, "0"] }
}

/** The first one behind a whole version: behind `1.2.3-b` comes `1.2.3-b.0`, behind `1.2.3` comes `1.2.4-0`. */
function after([major, minor, patch, preRelease]: Version): Version {
  return preRelease === "" ? [major, minor, patch + 1, "0"] : [major, minor, patch, `${preRelease}.0`]
}

function contains({ low, high }: Interval, version: Version): boolean {
  return compare(version, low) >= 0 && (high === undefined || compare(version, high) < 0)
}

function compare(left: Version, right: Version): number {
  for (const index of [0, 1, 2] as const) {
    if (left[index] !== right[index]) return left[index] - right[index]
  }
  if (left[3] === right[3]) return 0
  // A release is behind all that led to it.
  if (left[3] === "" || right[3] === "") return left[3] === "" ? 1 : -1
  return comparePreReleases(left[3].split("."), right[3].split("."))
}

function comparePreReleases(left: readonly string[], right: readonly string[]): number {
  for (let index = 0; ; index++) {
    const [a, b] = [left[index], right[index]]
    if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1
    if (a === b) continue
    const [isNumber, isOtherNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)]
    if (isNumber && isOtherNumber) return Number(a) - Number(b)
    if (isNumber !== isOtherNumber) return isNumber ? -1 : 1
    return a < b ? -1 : 1
  }
}
