// The exact text is in spec/vectors/client-assertion.json.
import assert from "node:assert/strict"
import { test } from "node:test"
import { fromBase64Url, fromUtf8 } from "../primitives/bytes.ts"
import { systemRandom } from "../primitives/random.ts"
import { now, TestWorkspace } from "../testing/workspace.ts"
import { assertionLifetimeSeconds, signClientAssertion } from "./client-assertion.ts"

const { admin } = await TestWorkspace.create()
const crn = `crn:local.self:${admin.identity.workspaceId}`
const claims = (jwt: string): Record<string, unknown> =>
  JSON.parse(fromUtf8(fromBase64Url(jwt.split(".")[1] as string) as Uint8Array))

test("an assertion ends after a minute, counted in whole seconds", () => {
  const { iat, exp } = claims(signClientAssertion(admin.identity, crn, now + 999, systemRandom))
  assert.deepEqual([iat, exp], [now / 1000, now / 1000 + assertionLifetimeSeconds])
})

test("no two assertions share a jti", () => {
  const all = Array.from(
    { length: 50 },
    () => claims(signClientAssertion(admin.identity, crn, now, systemRandom))["jti"],
  )
  assert.equal(new Set(all).size, 50)
  for (const jti of all) assert.equal((jti as string).length, 22)
})
