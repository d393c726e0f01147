/**
 * A program that writes until its stdin ends, for `processes.test.ts`. The first line of its stdin says by what options and
 * to which names; every write that was acknowledged is a line of its stdout.
 */
import { createInterface } from "node:readline"
import { Secrets, type SecretsOptions, unwrap } from "halfkey/secrets"

export interface Orders {
  readonly options: SecretsOptions
  /** Starts every value. */
  readonly label: string
  /** Nobody else writes the first one. */
  readonly names: readonly [string, ...string[]]
}

export interface Acknowledged {
  readonly name: string
  readonly version: number
  readonly value: string
}

const lines = createInterface({ input: process.stdin })
const orders = await new Promise<Orders>((resolve) => lines.once("line", (line) => resolve(JSON.parse(line))))
let stopped = false
lines.once("close", () => {
  stopped = true
})

const { label, names, options } = orders
const secrets = new Secrets(options)
for (let count = 0; !stopped; count++) {
  const name = names[count % names.length] ?? names[0]
  const value = `${label} ${count}`
  const result = await secrets.set(name, value)
  // Where several write one name, others may be first five times. Epochs are no reason to fail.
  if (name !== names[0] && result.failure?.code === "version_conflict") continue
  const acknowledged: Acknowledged = { name, version: unwrap(result).version, value }
  process.stdout.write(`${JSON.stringify(acknowledged)}\n`)
}
await secrets.close()
