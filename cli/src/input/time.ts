/** Times on the command line: a span such as `30d`, or a date. */

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** `15m`, `12h`, `30d`, `2w` in milliseconds; `undefined` for anything else. */
export function spanMs(text: string): number | undefined {
  const [, count, unit = ""] = /^([1-9]\d{0,4})([smhdw])$/.exec(text) ?? []
  return count === undefined ? undefined : Number(count) * (unitMs[unit] ?? 0)
}

/** A span ago, or a date, in milliseconds since 1970; `undefined` for anything else. */
export function momentMs(text: string, now: number): number | undefined {
  const span = spanMs(text)
  return span === undefined ? dateMs(text) : now - span
}

/** `2027-01-31` or `2027-01-31T12:00:00Z` in milliseconds since 1970; `undefined` for anything else. */
export function dateMs(text: string): number | undefined {
  const time = /^\d{4}-\d{2}-\d{2}(T[0-9:.]+Z)?$/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(time) ? undefined : time
}
