import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { anyText, property } from "../testing/property.ts"
import { defaultRegion, formatCrn, isRegion, parseCrn } from "./crn.ts"
import type { WorkspaceId } from "./ids.ts"

const workspaceId = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" as WorkspaceId
const part = fc.stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/)

property("a CRN is read back from its text", fc.tuple(part, part), ([region, provider]) => {
  const text = formatCrn(`${region}.${provider}`, workspaceId)
  assert.deepEqual(parseCrn(text), { text, region: `${region}.${provider}`, workspaceId })
})

property("whatever is read is exactly what would be written", anyText, (text) => {
  for (const candidate of [text, `crn:${text}:${workspaceId}`, `crn:${defaultRegion}:${text}`]) {
    try {
      const { region, workspaceId: id } = parseCrn(candidate)
      assert.equal(formatCrn(region, id), candidate)
    } catch (error) {
      assert.equal((error as { code?: string }).code, "invalid_crn")
    }
  }
})

test("an error says which part is wrong and what a CRN looks like", () => {
  const cases = [
    ["crn:local.self", /three parts/],
    [`crn:local:${workspaceId}`, /second part/],
    ["crn:local.self:ABC", /26 characters of A-Z and 2-7, got 3/],
  ] as const
  for (const [text, message] of cases) {
    assert.throws(() => parseCrn(text), { code: "invalid_crn", message, hint: /crn:local\.self:/ })
  }
})

test("the default region is a region", () => {
  assert.ok(isRegion(defaultRegion))
  assert.ok(!isRegion(`${defaultRegion}\n`))
})
