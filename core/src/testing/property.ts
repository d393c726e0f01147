/** Properties that are checked on many made-up inputs, the same ones each time unless HALFKEY_TEST_SEED says otherwise. */
import { test } from "node:test"
import fc from "fast-check"

const seed = Number(process.env["HALFKEY_TEST_SEED"] ?? 20_260_131)

/** A test of `holds` on `runs` inputs. Its title names the seed; a failure shows the smallest input found. */
export function property<T>(
  title: string,
  inputs: fc.Arbitrary<T>,
  holds: (input: T) => void | Promise<void>,
  runs = 200,
): void {
  test(`${title} (${runs} inputs, seed ${seed})`, () =>
    fc.assert(
      fc.asyncProperty(inputs, async (input) => {
        await holds(input)
      }),
      { seed, numRuns: runs, endOnFailure: true },
    ))
}

export const bytes = (minLength: number, maxLength = minLength) => fc.uint8Array({ minLength, maxLength })

/** Text with every kind of character, lone surrogates too. */
export const anyText = fc.string({
  unit: fc.oneof(fc.string({ minLength: 1, maxLength: 1, unit: "binary" }), fc.constant("\ud800")),
})

/** The same bytes with one bit turned. */
export function withBitTurned(original: Uint8Array, bit: number): Uint8Array {
  const copy = new Uint8Array(original)
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return copy
}
