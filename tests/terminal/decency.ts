/** What the outputs of every command owe their reader, under all conditions. */
import assert from "node:assert/strict"
import type { Outcome } from "../../cli/src/testing/installation.ts"
import type { Sample } from "./scene.ts"

/** All that `--help` lists, and what a shell shows for a pipe that nobody reads. */
const exits: readonly (number | null)[] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 125, 126, 127, 130, 141]

export function requireDecent({ args }: Pick<Sample, "args">, { code, signal, stderr, stdout }: Outcome): void {
  const what = `halfkey ${args.join(" ")}: ${code ?? signal}\n${stderr}`
  assert.ok(exits.includes(code), what)
  assert.ok(!`${stderr}${stdout}`.includes("\u{1b}"), `an escape code: ${what}`)
  assert.doesNotMatch(stderr, /^\s+at |node:internal|\(node:\d+\)|ExperimentalWarning/m, `a stack trace: ${what}`)
  assert.doesNotMatch(stderr, /unexpected: |undefined|\[object|NaN/, `words of a program: ${what}`)
  assert.doesNotMatch(stderr, /hk(ck|rk|ak|st)_[\w-]{20,}/, `a key: ${what}`)
  assert.doesNotMatch(stderr, /\[y\/N\]|Value of .*: $/, `a question that nobody can answer: ${what}`)
}

/** Wrong usage comes with what to type; what doctor finds is its output. */
export function requireHint({ args }: Pick<Sample, "args">, { stderr, stdout }: Outcome): void {
  assert.match(
    `${stdout}${stderr}`,
    /^ +(try|hint): \S/m,
    `halfkey ${args.join(" ")} does not say what to type: ${stderr}`,
  )
}
