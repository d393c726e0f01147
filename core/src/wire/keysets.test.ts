import assert from "node:assert/strict"
import { test } from "node:test"
import { Compile } from "typebox/compile"
import { toBase64Url } from "../primitives/bytes.ts"
import { assertSchema } from "../testing/schema.ts"
import * as keysets from "./keysets.ts"

const joined = (length: number, count: number) => toBase64Url(new Uint8Array(length * count))
const bytes = (length: number) => joined(length, 1)

test("a bundle holds the root, both chains and the caller's grants; documents are read by formats", () => {
  const root = { signPk: bytes(32), kemPk: bytes(1216) }
  const bundle = { root, rosters: [{}], manifests: [{ any: 1 }], grants: [], recoveryGrants: [] }
  const refused = [{ root: { ...root, signPk: "" } }, { rosters: {} }, { manifests: ["x"] }, { grants: null }]
  assertSchema(keysets.KeysetBundle, bundle, ["root", "rosters", "manifests", "grants"], refused)
})

test("a change holds a manifest and at most 10,000 grants", () => {
  const change = { manifest: {}, grants: [{}], recoveryGrants: [{}] }
  assertSchema(
    keysets.KeysetChange,
    change,
    ["manifest", "grants"],
    [{ manifest: [] }, { grants: Array(10_001).fill({}) }],
  )
})

test("seeds are asked for by count or by joined key ids, up to the limit", () => {
  const generate = Compile(keysets.GenerateRequest)
  for (const count of [1, keysets.seedsPerRequest]) assert.ok(generate.Check({ count }))
  for (const count of [0, keysets.seedsPerRequest + 1, 1.5, "1"]) assert.ok(!generate.Check({ count }))
  const group = { epoch: 1, keyIds: joined(16, 3) }
  const refused = [
    [],
    [{ ...group, epoch: 0 }],
    [{ ...group, keyIds: joined(16, keysets.seedsPerRequest + 1) }],
    [{ ...group, keyIds: "" }],
  ]
  assertSchema(
    keysets.RetrieveRequest,
    { groups: [group] },
    ["groups"],
    refused.map((groups) => ({ groups })),
  )
  const response = { epoch: 1, keyIds: joined(16, 2), keySeeds: joined(32, 2) }
  assertSchema(keysets.GenerateResponse, response, ["epoch", "keyIds", "keySeeds"], [{ keySeeds: null }])
})

test("self-wraps have 60 bytes and an epoch", () => {
  const wrap = { epoch: 1, selfWrap: bytes(60) }
  const refused = [[], [{ ...wrap, selfWrap: bytes(59) }], [{ ...wrap, epoch: 2 ** 32 }], Array(1001).fill(wrap)]
  assertSchema(
    keysets.SelfWraps,
    { selfWraps: [wrap] },
    ["selfWraps"],
    refused.map((selfWraps) => ({ selfWraps })),
  )
})

test("what the caller holds already may be told in any part", () => {
  const known = { rosterHash: bytes(32), manifestHash: bytes(32), sinceRevision: 1 }
  assertSchema(keysets.KnownKeyset, known, [], [{ rosterHash: bytes(31) }, { sinceRevision: 0 }])
})
