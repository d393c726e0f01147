/**
 * Lines of YAML that readers of versions 1.1 and 1.2 take alike: all is in double quotes, since names such as `no` and `e0`
 * and values such as 1.10 are something else than text to one reader or another.
 */
export function yamlLine(name: string, value: string): string {
  return `${quoted(name)}: ${quoted(value)}`
}

/** As JSON, which YAML holds, with escapes for what YAML does not allow or would fold. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )
}
