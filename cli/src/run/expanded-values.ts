/** `halfkey run --expand`: `${NAME}` in a value stands for the value of another secret. Nothing else is looked up. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { dollars, fillTemplate, readTemplate } from "../template/placeholders.ts"
import type { NamedValue } from "./child-environment.ts"

/** More than any system takes as variables. Whoever may write secrets must not fill the memory of whoever reads them. */
const mostBytes = 16 * 1024 * 1024
const mostDeep = 100

/** The chosen secrets, with values of all of them in the places. Throws `invalid_argument` naming the secret, no value. */
export function expandValues<Secret extends NamedValue>(chosen: readonly Secret[], all: readonly Secret[]): Secret[] {
  const values = new Map(all.map(({ name, value }) => [name, value]))
  const done = new Map<string, Uint8Array>()
  const underWay = new Set<string>()
  let size = 0
  const expand = (name: string, value: Uint8Array): Uint8Array => {
    const known = done.get(name)
    if (known !== undefined) return known
    if (underWay.has(name)) throw refused(name, "it refers to itself, directly or through others")
    if (underWay.size === mostDeep) throw refused(name, "it refers to others in too many steps")
    underWay.add(name)
    const template = readTemplate(value, dollars)
    // Neither is told what stands there: it is a part of the value.
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text itself
    if (template.malformed.length > 0) throw refused(name, "it holds ${ without the name of a secret and }")
    const filled = fillTemplate(template, (other) => {
      const raw = values.get(other)
      if (raw === undefined) throw refused(name, "it refers to a secret that is not there")
      const part = expand(other, raw)
      size += part.length
      if (size > mostBytes) throw refused(name, `all of them together grow beyond ${mostBytes} bytes`)
      return part
    })
    underWay.delete(name)
    done.set(name, filled)
    return filled
  }
  return chosen.map((secret) => ({ ...secret, value: expand(secret.name, secret.value) }))
}

function refused(name: string, why: string): HalfkeyError {
  return new HalfkeyError("invalid_argument", `nothing was started: the value of ${name} cannot be expanded: ${why}`, {
    hint: "$${ for the characters themselves, or the same without --expand",
  })
}
