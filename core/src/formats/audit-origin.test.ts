import assert from "node:assert/strict"
import { test } from "node:test"
import { auditOrigin, parseAuditOrigin } from "./audit-origin.ts"
import type { WorkspaceId } from "./ids.ts"

const workspaceId = "ABCDEFGHIJKLMNOPQRSTUVWXY2" as WorkspaceId

test("an origin names workspace and incarnation", () => {
  for (const incarnation of [1, 12, Number.MAX_SAFE_INTEGER]) {
    assert.deepEqual(parseAuditOrigin(auditOrigin(workspaceId, incarnation)), { workspaceId, incarnation })
  }
  const bad = ["", "halfkey", `halfkey/${workspaceId}`, `halfkey/${workspaceId}/0`, `halfkey/${workspaceId}/01`]
  bad.push(`halfkey/${workspaceId}/1/`, `halfkey/${workspaceId.toLowerCase()}/1`, `other/${workspaceId}/1`)
  bad.push(`halfkey/${workspaceId}/9007199254740992`, `halfkey/${workspaceId}/1\n`)
  for (const origin of bad) assert.equal(parseAuditOrigin(origin), undefined, origin)
})
