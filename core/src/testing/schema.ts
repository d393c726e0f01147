/** Asserting what a schema of the wire takes and refuses. */
import assert from "node:assert/strict"
import type { TSchema } from "typebox"
import { Compile } from "typebox/compile"

type Json = Record<string, unknown>

/** Every member of `required` must be there; with each change of `refused` made, the value is refused. */
export function assertSchema(schema: TSchema, good: Json, required: readonly string[], refused: readonly Json[]): void {
  const compiled = Compile(schema)
  assert.ok(compiled.Check(good), JSON.stringify(compiled.Errors(good)))
  for (const name of required) {
    const { [name]: _, ...rest } = good
    assert.ok(!compiled.Check(rest), `${name} is required`)
  }
  for (const name of Object.keys(good).filter((each) => !required.includes(each))) {
    const { [name]: _, ...rest } = good
    assert.ok(compiled.Check(rest), `${name} is optional`)
  }
  for (const change of refused) assert.ok(!compiled.Check({ ...good, ...change }), JSON.stringify(change))
}
