// The exact text is in spec/vectors/client-assertion.json.
import assert from "node:assert/strict"
import { test } from "node:test"
import { fromBase64Url, fromUtf8 } from "../primitives/bytes.ts"
import { systemRandom } from "../primitives/random.ts"
import { now, TestWorkspace } from "../testing/workspace.ts"
import {
  assertionLifetimeSeconds,
  assertionType,
  rootAssertionType,
  signClientAssertion,
  signRootAssertion,
} from "./client-assertion.ts"

const { admin, root } = await TestWorkspace.create()
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

test("the root's differs in type and signer, so that neither counts as the other", () => {
  const parts = (jwt: string) => jwt.split(".").map((part) => fromBase64Url(part) as Uint8Array)
  const [header, , signature] = parts(signRootAssertion(root, crn, now, systemRandom))
  assert.deepEqual(JSON.parse(fromUtf8(header as Uint8Array)), { alg: "Ed25519", typ: rootAssertionType })
  assert.equal(signature?.length, 64)
  assert.notEqual(rootAssertionType, assertionType)
  const { iss, sub, aud } = claims(signRootAssertion(root, crn, now, systemRandom))
  assert.deepEqual([iss, sub, aud], [root.workspaceId, root.workspaceId, crn])
})
