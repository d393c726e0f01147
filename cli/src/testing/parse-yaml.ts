/** YAML as other programs read it, for tests of files that are theirs. */
import { parse } from "yaml"

export function parseYaml<T>(text: string): T {
  return parse(text, { merge: true }) as T
}
