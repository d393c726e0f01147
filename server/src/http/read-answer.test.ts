import assert from "node:assert/strict"
import { test } from "node:test"
import type { ReadResponse } from "@halfkey/core/wire/secrets"
import { readAnswerBytes } from "./read-answer.ts"

const record = (name: string): ReadResponse["records"][number] => ({
  id: "id",
  name,
  version: 1,
  deleted: false,
  record: "A".repeat(1000),
  keySeed: "seed",
  createdAt: "2026-01-01T00:00:00.000Z",
  updatedAt: "2026-01-01T00:00:00.000Z",
})
const keyset: NonNullable<ReadResponse["keyset"]> = {
  root: { signPk: "a", kemPk: "b" },
  rosters: [{ label: "\u00fcml\u00e4ut \u{1f600}" }],
  manifests: [],
  grants: [],
}

test("writes what JSON.stringify writes, each time", () => {
  const [a, b] = [record("A"), record("B")]
  const answers: ReadResponse[] = [
    { records: [], missing: [], rest: [], next: null },
    { records: [a], missing: [], rest: [], next: null },
    { records: [a, b], missing: [], rest: [], next: null },
    { keyset, records: [a, b], missing: [], rest: [], next: null },
    { keyset, records: [], missing: [{ name: "M", version: 2 }], rest: [{ name: "R" }], next: "N" },
    { records: Array.from({ length: 400 }, () => a), missing: [], rest: [], next: null },
  ]
  for (const answer of answers) {
    for (let again = 0; again < 3; again++) assert.deepEqual(JSON.parse(readAnswerBytes(answer).toString()), answer)
    assert.equal(readAnswerBytes(answer).toString(), JSON.stringify(answer))
  }
})

test("the same records with something beside them are another answer", () => {
  const records = [record("A")]
  const plain = { records, missing: [], rest: [], next: null }
  assert.equal(readAnswerBytes(plain).toString(), JSON.stringify(plain))
  for (const other of [
    { ...plain, missing: [{ name: "M" }] },
    { ...plain, next: "A" },
    { keyset, ...plain },
  ]) {
    assert.equal(readAnswerBytes(other).toString(), JSON.stringify(other))
    assert.equal(readAnswerBytes(plain).toString(), JSON.stringify(plain))
  }
})
