/** Each way in which a secret can have changed since a time, and what going back makes of it. */
import assert from "node:assert/strict"
import { test } from "node:test"
import type { SecretChange, SecretState } from "halfkey/secrets"
import { planRestore } from "./plan.ts"

const state = (version: number, text?: string): SecretState => ({
  version,
  writtenAt: `time ${version}`,
  value: text === undefined ? undefined : new TextEncoder().encode(text),
})

const change = (name: string, now: SecretState, before?: SecretState): SecretChange => ({
  name,
  environment: "production",
  now,
  before,
})

test("values come back, what was not there is deleted, and what is as it was is left alone", () => {
  const changes = [
    change("CHANGED", state(3, "new"), state(1, "old")),
    change("DELETED SINCE", state(3), state(2, "old")),
    change("EMPTY", state(2, "full"), state(1, "")),
    change("NEW", state(4, "new")),
    change("WAS DELETED", state(4, "new"), state(2)),
    change("SAME AGAIN", state(5, "old"), state(1, "old")),
    change("CAME AND WENT", state(2)),
    change("DELETED TWICE", state(4), state(2)),
  ]
  assert.deepEqual(
    planRestore(changes).map(({ kind, name, restores, version }) => [
      name,
      kind,
      version,
      restores && [restores.version, restores.writtenAt, new TextDecoder().decode(restores.value)],
    ]),
    [
      ["CHANGED", "changed", 3, [1, "time 1", "old"]],
      ["DELETED SINCE", "added", 3, [2, "time 2", "old"]],
      ["EMPTY", "changed", 2, [1, "time 1", ""]],
      ["NEW", "deleted", 4, null],
      ["WAS DELETED", "deleted", 4, null],
    ],
  )
  assert.deepEqual(planRestore([]), [])
})
