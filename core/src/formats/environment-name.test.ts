import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { anyText, property } from "../testing/property.ts"
import { defaultEnvironments, isKeysetName, isLabel, requireKeysetName, requireLabel } from "./environment-name.ts"
import { isKeysetId } from "./ids.ts"

test("the environments of a new workspace have good names", () => {
  for (const name of defaultEnvironments) assert.ok(isKeysetName(name))
})

property(
  "a key set's name is never taken for an id",
  fc.oneof(fc.uuid(), fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,62}$/)),
  (name) => {
    assert.equal(isKeysetName(name), !isKeysetId(name))
  },
)

property("a name holds nothing but what is allowed", anyText, (text) => {
  const allowed = "abcdefghijklmnopqrstuvwxyz0123456789._-"
  const good =
    text.length > 0 &&
    text.length < 64 &&
    [...text].every((each) => allowed.includes(each)) &&
    !"._-".includes(text.charAt(0))
  assert.equal(isKeysetName(text), good && !isKeysetId(text))
})

test("bad names are refused with a name that would do", () => {
  for (const name of ["", "Production", "-a", ".a", "a b", "a/b", "ä", "a\n", "a".repeat(64)]) {
    assert.throws(() => requireKeysetName(name), { code: "invalid_argument", hint: /production/ }, name)
  }
  requireKeysetName("a".repeat(63))
})

test("labels are what people can read: no control, format, surrogate or separator characters, no spaces at the ends", () => {
  for (const label of ["ci", "Ada's laptop", "büro", "数据", "🗝", "a".repeat(100)]) requireLabel(label)
  const bad = [
    "",
    " a",
    "a ",
    "\u00a0a",
    "a\u3000",
    "a\u0000b",
    "a\tb",
    "a\nb",
    "a\u007fb",
    "a\u0085b",
    "a\u00adb",
    "a\u200bb",
  ]
  bad.push(
    "a\u202eb",
    "a\u2066b",
    "a\u2028b",
    "a\u2029b",
    "a\ufeffb",
    "\ud800",
    "a\udc00b",
    "a".repeat(101),
    "\u{e0041}a",
  )
  for (const label of bad) assert.throws(() => requireLabel(label), { code: "invalid_argument" }, JSON.stringify(label))
})

property("a label is well-formed and trimmed", anyText, (text) => {
  if (isLabel(text)) assert.ok(text.isWellFormed() && text.trim() === text && text.length <= 100)
})
