/** RFC 3339 UTC with milliseconds (S2), from milliseconds since 1970. */
export function timeText(time: number): string {
  // Under load many things happen in the same millisecond.
  if (time !== last.time) last = { time, text: new Date(time).toISOString() }
  return last.text
}

let last = { time: 0, text: new Date(0).toISOString() }

export function timeTextOrNull(time: number | null): string | null {
  return time === null ? null : timeText(time)
}
