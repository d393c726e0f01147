import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { anyText, property } from "../testing/property.ts"
import { requireSecretName, secretNameMaxLength, secretNameProblem } from "./secret-name.ts"

property("good names are accepted", fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_./-]{0,254}$/), (name) => {
  assert.equal(secretNameProblem(name), undefined)
})

property("a name with anything else is refused", anyText, (text) => {
  const allowed = /^[A-Za-z0-9_./-]$/
  const good =
    text !== "" &&
    text.length <= 255 &&
    [...text].every((each) => allowed.test(each)) &&
    !/[0-9./-]/.test(text.charAt(0))
  assert.equal(secretNameProblem(text) === undefined, good)
})

test("each refusal says what is wrong", () => {
  const cases = [
    ["", /empty/],
    ["a".repeat(secretNameMaxLength + 1), /256 characters, at most 255/],
    ["1A", /must start with a letter or an underscore/],
    ["/a", /must start/],
    ["A B", /may hold only ASCII/],
    ["PASSWÖRD", /may hold only ASCII/],
    ["A\n", /may hold only ASCII/],
    ["A=1", /may hold only ASCII/],
  ] as const
  for (const [name, message] of cases) {
    assert.throws(() => requireSecretName(name), { code: "invalid_secret_name", message, hint: /DATABASE_URL/ })
  }
  requireSecretName("a".repeat(secretNameMaxLength))
})

test("what could speak to a terminal, or be a value pasted by mistake, is not repeated", () => {
  for (const name of ["\u001b[2J", `${"x".repeat(70)} y`]) assert.throws(() => requireSecretName(name), /\(not shown\)/)
})
