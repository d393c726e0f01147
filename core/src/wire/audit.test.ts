import assert from "node:assert/strict"
import { test } from "node:test"
import { Compile } from "typebox/compile"
import { proofMaxLength } from "../formats/merkle-proof.ts"
import { toBase64Url } from "../primitives/bytes.ts"
import { assertSchema } from "../testing/schema.ts"
import * as audit from "./audit.ts"

const hash = toBase64Url(new Uint8Array(32).fill(7))
const time = "2026-01-31T00:00:00.000Z"

test("every filter of the entries may be left out, and none takes nonsense", () => {
  const query = {
    after: 0,
    limit: audit.auditEntriesPerAnswer,
    order: "desc",
    since: time,
    until: time,
    client: "0b7d1f2c-6f4e-8a57-9a57-0e0c9b0f7a11",
    apiKey: "abcdefgh234567ab",
    environment: "production",
    name: "DATABASE_URL",
    action: "secret.read",
    outcome: "denied",
  }
  const refused = [
    ...[{ after: -1 }, { after: 2 ** 53 }, { after: 1.5 }, { limit: 0 }, { limit: audit.auditEntriesPerAnswer + 1 }],
    ...[{ order: "up" }, { since: "yesterday" }, { until: 1 }, { client: "me" }, { apiKey: "ABC" }],
    ...[{ environment: "" }, { action: "" }, { outcome: "maybe" }],
  ]
  assertSchema(audit.AuditEntriesQuery, query, [], refused)
})

test("an answer has entries as text with their indexes, and where to go on", () => {
  const entry = { index: 0, entry: "{}" }
  const refused = [
    ...[{ entries: [{ index: -1, entry: "{}" }] }, { entries: [{ index: 0, entry: {} }] }, { next: "1" }],
    { entries: Array(audit.auditEntriesPerAnswer + 1).fill(entry) },
  ]
  assertSchema(audit.AuditEntriesResponse, { entries: [entry], next: 0 }, ["entries"], refused)
})

test("a checkpoint comes with its time", () => {
  const refused = [{ checkpoint: 1 }, { time: "now" }]
  assertSchema(audit.AuditCheckpointResponse, { checkpoint: "note", time }, ["checkpoint", "time"], refused)
})

test("a proof is asked for by whole hashes and sizes, and answered by as few hashes as a tree can need", () => {
  const refused = [{ leaf: hash.slice(1) }, { size: -1 }, { from: 0.5 }, { to: 2 ** 53 }]
  assertSchema(audit.AuditProofQuery, { leaf: hash, size: 1, from: 0, to: 1 }, [], refused)
  const wrong = [{ hashes: [hash.slice(1)] }, { hashes: Array(proofMaxLength + 1).fill(hash) }]
  const inclusion = { index: 0, size: 1, hashes: [hash] }
  assertSchema(audit.AuditInclusionResponse, inclusion, ["index", "size", "hashes"], [...wrong, { index: -1 }])
  assertSchema(audit.AuditConsistencyResponse, { hashes: [] }, ["hashes"], wrong)
  assert.ok(Compile(audit.AuditConsistencyResponse).Check({ hashes: Array(proofMaxLength).fill(hash) }))
})
