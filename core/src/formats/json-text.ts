/** JSON that comes back as it was (S15): what `JSON.stringify` would drop or change is refused, or written so that it stays. */

/** What JSON can hold. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue }

/** Deeper ones are refused: a value that holds itself has no end. */
const depthMax = 200

/**
 * The text of a JSON value: `JSON.parse` gives it back, with the order of its members, and with -0. Throws `RangeError`, in
 * words about "it", for everything else: undefined, NaN, functions, dates and other objects of classes, lists with holes.
 */
export function jsonText(value: unknown): string {
  return textOf(value, 0)
}

function textOf(value: unknown, depth: number): string {
  if (depth > depthMax) throw new RangeError(`it is nested deeper than ${depthMax} levels, or holds itself`)
  switch (typeof value) {
    case "string":
      // Writes half a character as an escape, so it comes back.
      return JSON.stringify(value)
    case "boolean":
      return value ? "true" : "false"
    case "number":
      if (!Number.isFinite(value)) throw new RangeError("it holds a number that JSON has not: NaN or an infinity")
      return Object.is(value, -0) ? "-0" : `${value}`
    case "object":
      if (value === null) return "null"
      return Array.isArray(value) ? listText(value, depth) : objectText(value, depth)
    default:
      throw new RangeError(`it holds what JSON has not: a value of the type ${typeof value}`)
  }
}

function listText(list: readonly unknown[], depth: number): string {
  // Holes, and properties beside the items.
  if (Object.keys(list).length !== list.length) throw new RangeError("it holds a list with holes or named members")
  return `[${list.map((item) => textOf(item, depth + 1)).join()}]`
}

function objectText(object: object, depth: number): string {
  const prototype: unknown = Object.getPrototypeOf(object)
  // `Object.prototype`, that of another realm too.
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null
  if (!isPlain || Object.getOwnPropertySymbols(object).length > 0) {
    throw new RangeError("it holds an object that JSON has not: one of a class, or with symbols")
  }
  const members = Object.entries(object).map(([name, member]) => `${JSON.stringify(name)}:${textOf(member, depth + 1)}`)
  return `{${members.join()}}`
}
