import assert from "node:assert/strict"
import { test } from "node:test"
import { Compile } from "typebox/compile"
import { recordLength, vaultPaddingMinimum } from "../formats/record.ts"
import { toBase64Url } from "../primitives/bytes.ts"
import { assertSchema } from "../testing/schema.ts"
import * as secrets from "./secrets.ts"

const bytes = (length: number) => toBase64Url(new Uint8Array(length))
const smallest = recordLength(1, vaultPaddingMinimum)
const write = { name: "A", previousVersion: 0, version: 1, deleted: false, record: bytes(smallest) }

test("a commit names what it replaces, and holds whole records", () => {
  const bad = [
    { previousVersion: -1 },
    { version: 0 },
    { version: 2 ** 53 },
    { deleted: 0 },
    { record: bytes(smallest - 1) },
    { record: "" },
  ]
  const refused: Record<string, unknown>[] = bad.map((change) => ({ writes: [{ ...write, ...change }] }))
  refused.push({ writes: [] }, { writes: Array(secrets.namesPerRequest + 1).fill(write) })
  assertSchema(
    secrets.CommitRequest,
    { environment: "production", writes: [write] },
    ["environment", "writes"],
    refused,
  )
})

test("a record of the greatest value that a server can be configured for passes", () => {
  const greatest = { ...write, record: bytes(recordLength(1024 * 1024 + 1, vaultPaddingMinimum)) }
  assert.ok(Compile(secrets.CommitRequest).Check({ environment: "production", writes: [greatest] }))
})

test("a read names up to 500 secrets, or none for all", () => {
  const request = { environment: "production", secrets: [{ name: "A", version: 1 }], after: "A", known: {} }
  const refused = [
    { secrets: [] },
    { secrets: Array(501).fill({ name: "A" }) },
    { secrets: [{ name: "A", version: 0 }] },
    { environment: "" },
  ]
  assertSchema(secrets.ReadRequest, request, ["environment"], refused)
})

test("a prepare names up to 500 secrets", () => {
  const refused = [{ names: [] }, { names: Array(501).fill("A") }, { names: "A" }]
  assertSchema(
    secrets.PrepareRequest,
    { environment: "production", names: ["A"], known: {} },
    ["environment", "names"],
    refused,
  )
})

test("answers have whole seeds and key ids", () => {
  const prepared = {
    name: "A",
    currentVersion: 0,
    deleted: false,
    nextVersion: 1,
    keyId: bytes(16),
    keySeed: bytes(32),
  }
  const bad = [{ keyId: bytes(15) }, { keySeed: bytes(33) }, { nextVersion: 0 }]
  assertSchema(
    secrets.PrepareResponse,
    { epoch: 1, secrets: [prepared] },
    ["epoch", "secrets"],
    bad.map((change) => ({ secrets: [{ ...prepared, ...change }] })),
  )
})

test("a list asks for at most 1,000 at once", () => {
  const query = { environment: "production", prefix: "A", after: "A", limit: 1000, deleted: true }
  assertSchema(secrets.ListQuery, query, ["environment"], [{ limit: 0 }, { limit: 1001 }, { deleted: "yes" }])
})
