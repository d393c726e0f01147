import assert from "node:assert/strict"
import { test } from "node:test"
import { choose, layered, requirePatterns } from "./chosen-secrets.ts"

const secrets = ["DB_URL", "DB_KEY", "API", "pay/a.key", "pay/axkey"].map((name) => ({ name }))
const names = (only: readonly string[], except: readonly string[] = []) =>
  choose(secrets, { only, except }, ["a", "b"]).chosen.map(({ name }) => name)

test("names and patterns choose, and what is excepted goes", () => {
  assert.deepEqual(names([]), ["DB_URL", "DB_KEY", "API", "pay/a.key", "pay/axkey"])
  assert.deepEqual(names(["API", "DB_*"]), ["DB_URL", "DB_KEY", "API"])
  assert.deepEqual(names(["*KEY"]), ["DB_KEY"])
  assert.deepEqual(names(["*a.k*"]), ["pay/a.key"])
  assert.deepEqual(names(["*"], ["pay/*", "API"]), ["DB_URL", "DB_KEY"])
  assert.deepEqual(names(["DB_URL"], ["DB_URL"]), [])
})

test("what is wanted has to be there, what is excepted is told", () => {
  assert.throws(() => names(["API", "AP", "X*"]), {
    code: "secret_not_found",
    message: "nothing was started: not in a, b: AP, X*",
  })
  assert.deepEqual(choose(secrets, { only: [], except: ["API", "AP"] }, ["a"]).unused, ["AP"])
})

test("the last layer wins", () => {
  const layer = (value: number, ...names: string[]) => names.map((name) => ({ name, value }))
  assert.deepEqual(layered([layer(1, "A", "B"), layer(2, "C"), layer(3, "B", "__proto__")]), [
    { name: "A", value: 1 },
    { name: "B", value: 3 },
    { name: "C", value: 2 },
    { name: "__proto__", value: 3 },
  ])
})

test("nothing, and what is no name, chooses nothing", () => {
  requirePatterns("--only", ["A", "pay/*.key-1"])
  for (const wrong of ["", "a b", "hunter2!", "[A]"]) {
    assert.throws(() => requirePatterns("--only", ["A", wrong]), {
      message: "--only takes names of secrets, in which * stands for any characters",
    })
  }
})
