import { test } from "node:test"
import { recordLength, vaultPaddingMinimum } from "../formats/record.ts"
import { toBase64Url } from "../primitives/bytes.ts"
import { assertSchema } from "../testing/schema.ts"
import { ResealRequest, ResealResponse, StaleRequest, StaleResponse } from "./rotation.ts"

const bytes = (length: number) => toBase64Url(new Uint8Array(length))
const smallest = recordLength(1, vaultPaddingMinimum)

test("what is left is asked for page by page, at most 500 records each", () => {
  const request = { environment: "production", after: "1.42", limit: 500, known: {} }
  const refused = [{ limit: 0 }, { limit: 501 }, { after: "" }, { after: "0.1" }, { after: "1" }, { after: "1.2;" }]
  assertSchema(StaleRequest, request, ["environment"], refused)
})

test("what is left comes with both seeds", () => {
  const record = {
    name: "A",
    version: 1,
    deleted: false,
    record: bytes(smallest),
    keySeed: bytes(32),
    newKeyId: bytes(16),
    newKeySeed: bytes(32),
  }
  const answer = { epoch: 2, records: [record], next: null, remaining: 1 }
  const refused = [{ newKeyId: bytes(15) }, { newKeySeed: bytes(31) }, { keySeed: "" }, { version: 0 }]
  assertSchema(
    StaleResponse,
    answer,
    ["epoch", "records", "next", "remaining"],
    [...refused.map((change) => ({ records: [{ ...record, ...change }] })), { epoch: 0 }, { remaining: -1 }],
  )
})

test("what is sealed again names the hash of what it replaces", () => {
  const write = { name: "A", version: 1, previousHash: bytes(32), record: bytes(smallest) }
  const bad = [{ previousHash: bytes(31) }, { version: 0 }, { record: bytes(smallest - 1) }, { record: "" }]
  const refused: Record<string, unknown>[] = bad.map((change) => ({ writes: [{ ...write, ...change }] }))
  refused.push({ writes: [] }, { writes: Array(501).fill(write) })
  assertSchema(ResealRequest, { environment: "production", writes: [write] }, ["environment", "writes"], refused)
  assertSchema(ResealResponse, { resealed: 1, already: 0 }, ["resealed", "already"], [{ resealed: -1 }])
})
