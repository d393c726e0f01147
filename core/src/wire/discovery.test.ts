import { test } from "node:test"
import { toBase64Url } from "../primitives/bytes.ts"
import { assertSchema } from "../testing/schema.ts"
import { Discovery, JsonWebKeySet } from "./discovery.ts"

const x = toBase64Url(new Uint8Array(32))

test("discovery names versions, region, keys and where to get a token", () => {
  const document = {
    version: "0.1.0",
    protocols: ["halfkey/v1"],
    region: "local.self",
    auditKey: x,
    tokenEndpoint: "http://127.0.0.1:4253/oauth/token",
    jwksUri: "http://127.0.0.1:4253/.well-known/jwks.json",
    valueMaxLength: 65_536,
    needsSetup: false,
  }
  assertSchema(Discovery, document, Object.keys(document), [
    { auditKey: "AA" },
    { protocols: "halfkey/v1" },
    { needsSetup: 0 },
  ])
})

test("token keys are Ed25519 keys for signatures, and nothing else", () => {
  const key = { kty: "OKP", crv: "Ed25519", alg: "Ed25519", use: "sig", kid: "1", x }
  const refused = [{ kty: "RSA" }, { crv: "X25519" }, { alg: "none" }, { use: "enc" }, { x: "AA" }]
  assertSchema(
    JsonWebKeySet,
    { keys: [key] },
    ["keys"],
    refused.map((change) => ({ keys: [{ ...key, ...change }] })),
  )
})
