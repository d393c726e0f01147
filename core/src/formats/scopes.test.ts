import assert from "node:assert/strict"
import { test } from "node:test"
import { isScope, roleScopes, scopes, writingScopes } from "./scopes.ts"

test("admin may everything, and no role more", () => {
  assert.deepEqual([...roleScopes.admin].sort(), [...scopes].sort())
  for (const scope of [...roleScopes.member, ...roleScopes.control]) assert.ok(isScope(scope))
})

test("control has no scope that leads to a value or a seed", () => {
  for (const scope of roleScopes.control) assert.ok(!/^(?:secret|data_key):/.test(scope), scope)
})

test("a member has no scope that changes who may do what", () => {
  for (const scope of roleScopes.member) assert.ok(!/^(?:client|grant|api_key|audit):/.test(scope), scope)
  assert.ok(!roleScopes.member.includes("keyset:create") && !roleScopes.member.includes("workspace:update"))
})

test("read-only takes away every scope that is not a list, a read or a retrieval", () => {
  const left = scopes.filter((scope) => !writingScopes.has(scope))
  for (const scope of left) assert.match(scope, /:(?:list|read|retrieve)$/)
  for (const scope of writingScopes) assert.doesNotMatch(scope, /:(?:list|read|retrieve)$/)
})

test("names of other things are no scopes", () => {
  for (const text of ["", "secret:*", "toString", "SECRET:READ", "secret:read "]) assert.ok(!isScope(text))
})
