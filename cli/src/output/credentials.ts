/** Keys that are shown once: as an object, or as lines for a shell. */
import { utf8 } from "@halfkey/core/primitives/bytes"
import type { Context } from "../context.ts"
import { printData } from "./formats.ts"
import { asEnv } from "./secret-formats.ts"

/** `variables` by name; `facts` only appear in JSON and YAML. */
export async function printCredentials(
  context: Context,
  variables: Readonly<Record<string, string>>,
  facts: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  if (context.options.output === "env") {
    const lines = Object.entries(variables).map(([name, value]) => ({ name, value: utf8(value) }))
    context.streams.out(asEnv(lines))
  } else await printData(context, { ...facts, ...variables })
}
