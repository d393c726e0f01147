/** RFC 3339 UTC with milliseconds (S2), from milliseconds since 1970. */
export function timeText(time: number): string {
  return new Date(time).toISOString()
}
