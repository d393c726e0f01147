import assert from "node:assert/strict"
import { test } from "node:test"
import { fromUtf8, toHex } from "../primitives/bytes.ts"
import { anyText, property } from "../testing/property.ts"
import { type AuditEntry, auditEntryBytes, auditLeafHash } from "./audit-entry.ts"
import type { WorkspaceId } from "./ids.ts"

const entry: AuditEntry = {
  v: 1,
  id: "0b7d1f2c-6f4e-4a57-9a57-0e0c9b0f7a11",
  time: "2026-01-31T00:00:00.000Z",
  workspaceId: "ABCDEFGHIJKLMNOPQRSTUVWXYZ" as WorkspaceId,
  requestId: "r",
  action: "secret.read",
  outcome: "allowed",
  address: "127.0.0.1",
}

test("entry bytes are canonical JSON without absent fields", () => {
  const shown = fromUtf8(auditEntryBytes(entry))
  assert.ok(shown.startsWith('{"action":"secret.read","address":"127.0.0.1","id":"0b7d1f2c'))
  assert.deepEqual(JSON.parse(shown), entry)
  assert.ok(!shown.includes("userAgent"))
})

property("no text that a request brings keeps its entry out of the log", anyText, (text) => {
  const bytes = auditEntryBytes({ ...entry, userAgent: text, environment: text, names: [text, "A"], subject: text })
  const read = JSON.parse(fromUtf8(bytes)) as AuditEntry
  assert.equal(read.userAgent, text.toWellFormed())
  assert.deepEqual(read.names, [text.toWellFormed(), "A"])
})

test("a leaf hash is not the hash of the bytes alone, so no inner node of the tree is a leaf", () => {
  assert.equal(
    toHex(auditLeafHash(new Uint8Array(0))),
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  )
})
