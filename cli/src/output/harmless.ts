/** Text of several lines for a terminal: where a file, a path or a server had a hand in it, it must not move the cursor or colour the screen. */
export function harmless(text: string): string {
  // Nearly all of it, and the classes of all of Unicode take long to compile.
  if (/^[\n\t -~]*$/.test(text)) return text
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    /[\n\t]/.test(character) ? character : "\u{fffd}",
  )
}
