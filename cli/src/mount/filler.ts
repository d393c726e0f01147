/** Fills the file of `--mount`, the first time and after each change. */
import { usageError } from "../failure.ts"
import type { MountChoice } from "../run/beside-options.ts"
import type { NamedValue } from "../run/child-environment.ts"
import type { RunOptions } from "../run/start.ts"
import type { Streams } from "../streams.ts"
import { fillTemplate, placesOf } from "../template/placeholders.ts"
import { loadTemplate } from "../template/template-file.ts"
import { contentIn } from "./content.ts"

export interface Filler {
  /** The secrets that it takes, where it says so itself. */
  readonly names: readonly string[] | undefined
  /** Throws `lossy_format` for what the format cannot hold. */
  fill(secrets: readonly NamedValue[]): Promise<Uint8Array>
}

/** Reads the template, if there is one. Throws a usage error. */
export async function fillerOf(
  { content }: MountChoice,
  { allowedNames, prefix }: RunOptions,
  streams: Streams,
): Promise<Filler> {
  if ("format" in content) {
    const how = { prefix, allowed: allowedNames }
    return { names: undefined, fill: (secrets) => contentIn(content.format, secrets, how) }
  }
  const template = await loadTemplate(content.template, streams, "nothing was started")
  const names = [...placesOf(template).keys()]
  // Without any, all secrets would be read for nothing.
  if (names.length === 0) throw usageError("nothing was started: the template names no secret", "{{ NAME }} in it")
  return {
    names,
    fill: async (secrets) => {
      const values = new Map(secrets.map(({ name, value }) => [name, value]))
      return fillTemplate(template, (name) => values.get(name))
    },
  }
}
