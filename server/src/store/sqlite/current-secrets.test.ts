import assert from "node:assert/strict"
import { test } from "node:test"
import type { KeysetId } from "@halfkey/core/formats/ids"
import type { SecretRow } from "../../domain/rows.ts"
import { CurrentSecrets } from "./current-secrets.ts"

const keysetId = "00000000-0000-4000-8000-000000000001" as KeysetId
const row = (name: string, version: number): SecretRow => ({
  id: name,
  name,
  version,
  deleted: false,
  createdAt: 0,
  updatedAt: 0,
  recordNumber: version,
})

test("answers only when it knows all the names", () => {
  const current = new CurrentSecrets()
  assert.equal(current.get(keysetId, ["A"]), undefined)
  current.add(keysetId, [row("A", 1), undefined, row("B", 1)])
  assert.deepEqual(current.get(keysetId, ["B", "A"]), [row("B", 1), row("A", 1)])
  assert.equal(current.get(keysetId, ["A", "C"]), undefined)
})

test("the same list gets the same array, until something is written", () => {
  const current = new CurrentSecrets()
  current.add(keysetId, [row("A", 1), row("B", 1)])
  const list = current.get(keysetId, ["A", "B"])
  assert.equal(current.get(keysetId, ["A", "B"]), list)
  assert.notEqual(current.get(keysetId, ["B", "A"]), list)
  for (const other of [["A\nB"], ["A", "B", ""], ["2\nA", "B"], [""], []]) {
    assert.notEqual(current.get(keysetId, other), list, JSON.stringify(other))
  }
  for (const name of ["A", "B", "C", "D"]) current.add(keysetId, [row(name, 1)])
  for (const inner of ["B", "C", "B"]) {
    assert.deepEqual(
      current.get(keysetId, ["A", inner, "D"])?.map(({ name }) => name),
      ["A", inner, "D"],
    )
  }
  for (let more = 0; more < 100; more++) current.add(keysetId, [row(`M${more}`, 1)])
  for (let more = 0; more < 100; more++) assert.deepEqual(current.get(keysetId, [`M${more}`]), [row(`M${more}`, 1)])
  assert.deepEqual(current.get(keysetId, ["A", "B"]), list)
  current.commitBegins(keysetId)
  current.commitEnds(keysetId, ["C"])
  assert.notEqual(current.get(keysetId, ["A", "B"]), list)
  assert.deepEqual(current.get(keysetId, ["A", "B"]), list)
})

test("says nothing and learns nothing while a commit is under way, and forgets what it wrote", () => {
  const current = new CurrentSecrets()
  current.add(keysetId, [row("A", 1), row("B", 1), row("C", 1)])
  current.commitBegins(keysetId)
  current.commitBegins(keysetId)
  assert.equal(current.get(keysetId, ["C"]), undefined)
  current.add(keysetId, [row("D", 1)])
  current.commitEnds(keysetId, ["A"])
  assert.equal(current.get(keysetId, ["C"]), undefined)
  current.commitEnds(keysetId, ["B"])
  assert.deepEqual(current.get(keysetId, ["C"]), [row("C", 1)])
  for (const name of ["A", "B", "D"]) assert.equal(current.get(keysetId, [name]), undefined)
})

test("holds a bounded number of rows", () => {
  const current = new CurrentSecrets()
  const many = Array.from({ length: 60_000 }, (_, index) => row(`N${index}`, 1))
  current.add(keysetId, many)
  assert.ok(current.get(keysetId, ["N7"]))
  current.add("00000000-0000-4000-8000-000000000002" as KeysetId, many)
  assert.equal(current.get(keysetId, ["N7"]), undefined)
})
