import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { fromUtf8, toHex } from "../primitives/bytes.ts"
import { property } from "../testing/property.ts"
import { type AuditEntry, auditEntryBytes, auditLeaf, auditLeafHash } from "./audit-entry.ts"
import { canonicalJson } from "./canonical-json.ts"

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constant("\\ud83d"),
  fc.constant("\ud83d"),
  fc.constant("a\udc00b"),
)
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })

const entries = fc.record({
  v: fc.constant(1),
  id: text,
  time: text,
  workspaceId: text,
  requestId: text,
  action: fc.constantFrom("secret.read", "token.issue"),
  outcome: fc.constantFrom("allowed", "denied"),
  code: optional(text),
  apiKeyId: optional(text),
  clientId: optional(text),
  keysetId: optional(text),
  environment: optional(text),
  names: optional(fc.oneof(fc.array(text), fc.array(text).map(Object.freeze))),
  keyIds: optional(fc.array(text)),
  subject: optional(text),
  address: text,
  userAgent: optional(text),
}) as unknown as fc.Arbitrary<AuditEntry>

property(
  "the bytes of an entry are its canonical JSON, whatever a request brought",
  entries,
  (entry) => {
    const wellFormed = Object.fromEntries(
      Object.entries(entry).map(([name, value]) => [
        name,
        typeof value === "string"
          ? value.toWellFormed()
          : Array.isArray(value)
            ? value.map((each: string) => each.toWellFormed())
            : value,
      ]),
    )
    const bytes = auditEntryBytes(entry)
    assert.equal(fromUtf8(bytes), fromUtf8(canonicalJson(wellFormed)))
    assert.deepEqual(auditLeaf(entry), { bytes, leafHash: auditLeafHash(bytes) })
  },
  2000,
)

test("every member of an entry is among the bytes", () => {
  const entry: Record<string, unknown> = {}
  for (const name of [
    ...["v", "id", "time", "workspaceId", "requestId", "action", "outcome", "code", "apiKeyId", "clientId"],
    ...["keysetId", "environment", "names", "keyIds", "subject", "address", "userAgent"],
  ]) {
    entry[name] = name === "v" ? 1 : name === "names" || name === "keyIds" ? [name] : name
  }
  const written = JSON.parse(fromUtf8(auditEntryBytes(entry as unknown as AuditEntry)))
  assert.deepEqual(written, entry)
  assert.deepEqual(Object.keys(written), Object.keys(entry).sort())
})

test("a leaf hash is not the hash of the bytes alone, so no inner node of the tree is a leaf", () => {
  assert.equal(
    toHex(auditLeafHash(new Uint8Array(0))),
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  )
})
