/** Holds what came of a step against what the model says. */
import assert from "node:assert/strict"
import type { Result } from "halfkey/admin"
import type { Expected } from "./model.ts"
import type { Step } from "./step.ts"
import type { World } from "./world.ts"

/** What has been done, and what came of it. */
export interface Real {
  readonly world: World
  readonly trace: string[]
}

/** What came of a step against what the model says. Of one that was done again nobody knows how often it took effect. */
export function settle(step: Step, results: readonly Result<unknown>[], { trace, world }: Real, told: string): void {
  const result = results.at(-1) ?? { data: undefined }
  trace.push(`${told}: ${result.failure ? result.failure.code : "done"}${results.length > 1 ? ", again" : ""}`)
  let expected = step.expect(result, world)
  for (let again = 1; again < results.length && mismatch(expected, result) !== undefined; again++) {
    expected = step.expect(result, world)
  }
  const found = mismatch(expected, result)
  if (found !== undefined) assert.fail(`${told}: ${found}`)
}

function mismatch(expected: Expected, { data, failure }: Result<unknown>): string | undefined {
  if ("code" in expected) {
    if (failure === undefined) return `it should have been refused (${expected.code}), and gave ${JSON.stringify(data)}`
    if (expected.code === "refused" ? failure.type !== "NetworkError" : failure.code === expected.code) return undefined
    return `it was refused by ${failure.code} instead of ${expected.code}: ${failure.message}`
  }
  if (failure !== undefined) return `it was refused by ${failure.code}, ${failure.check}: ${failure.message}`
  try {
    assert.deepEqual(data, expected.data)
    return undefined
  } catch {
    return `it gave ${JSON.stringify(data)} instead of ${JSON.stringify(expected.data)}`
  }
}
