/** Parameters of a wrong type are bugs of the calling program: they reject with a `TypeError` that shows no value. */

/** Thrown for a parameter of a wrong type: the one thing that rejects instead of resolving to a failure. */
export class WrongType extends TypeError {}

export function requireText(value: unknown, what: string): asserts value is string {
  if (typeof value !== "string") throw new WrongType(`${what} must be a string, got ${kindOf(value)}`)
}

export function requireOptionalText(value: unknown, what: string): asserts value is string | undefined {
  if (value !== undefined) requireText(value, what)
}

export function requireTexts(value: unknown, what: string): asserts value is readonly string[] {
  if (!Array.isArray(value)) throw new WrongType(`${what} must be a list of strings, got ${kindOf(value)}`)
  for (const item of value) requireText(item, `each of ${what}`)
}

export function requireFunction(value: unknown, what: string): void {
  if (value !== undefined && typeof value !== "function") {
    throw new WrongType(`${what} must be a function, got ${kindOf(value)}`)
  }
}

export function wrongType(what: string, expected: string, value: unknown): WrongType {
  return new WrongType(`${what} must be ${expected}, got ${kindOf(value)}`)
}

function kindOf(value: unknown): string {
  if (value === null) return "null"
  return Array.isArray(value) ? "a list" : typeof value
}
