import assert from "node:assert/strict"
import { test } from "node:test"
import { problemCodes } from "@halfkey/core/formats/problem-codes"
import { exitCodes, exitCodesText } from "./exit-codes.ts"

test("every code of the problem table is one that the help explains", () => {
  const used = new Set(Object.values(problemCodes).map(({ exit }) => exit))
  for (const exit of used) assert.ok(exit in exitCodes, String(exit))
  assert.match(exitCodesText(false, false), /^Exit codes:\n {2}0 {6}done\n/)
  assert.doesNotMatch(exitCodesText(false, false), /differences/)
  assert.match(exitCodesText(true, false), /\n {2}8 {6}differences were found\n {2}130 {4}Ctrl-C$/)
  assert.match(exitCodesText(false, true), /\n {2}125 {4}a failure of halfkey itself\n {2}other {2}the program's own$/)
})
