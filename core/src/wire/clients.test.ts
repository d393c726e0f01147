import { test } from "node:test"
import { toBase64Url } from "../primitives/bytes.ts"
import { assertSchema } from "../testing/schema.ts"
import {
  CreateClientRequest,
  CreatedApiKey,
  NewApiKey,
  NewClient,
  RotateApiKeyRequest,
  RotatedApiKey,
} from "./clients.ts"

const clientId = "0b7d1f2c-6f4e-8a57-9a57-0e0c9b0f7a11"
const client = {
  clientId,
  signPk: toBase64Url(new Uint8Array(32)),
  kemPk: toBase64Url(new Uint8Array(1216)),
  label: "ci",
}
const apiKey = {
  label: "ci",
  role: "member",
  clientId,
  readOnly: true,
  environments: ["production"],
  networks: ["10.0.0.0/8"],
}

test("a new client needs an id, both public keys and a label", () => {
  const refused = [
    { clientId: "x" },
    { signPk: client.kemPk },
    { kemPk: client.signPk },
    { label: "" },
    { label: "a".repeat(101) },
  ]
  assertSchema(NewClient, client, ["clientId", "signPk", "kemPk", "label"], refused)
})

test("a new API key needs a label and a role, and can be narrowed", () => {
  const refused = [
    { role: "root" },
    { role: null },
    { environments: [] },
    { networks: [] },
    { networks: ["x".repeat(51)] },
    { readOnly: "yes" },
  ]
  assertSchema(
    NewApiKey,
    apiKey,
    ["label", "role"],
    [...refused, { clientId: "me" }, { environments: Array(101).fill("a") }],
  )
  assertSchema(NewApiKey, { ...apiKey, clientId: null }, ["label", "role"], [])
})

test("a client is created with the manifests that let it in, and its API key with the secret once", () => {
  const keysets = [{ manifest: {}, grants: [] }]
  const { clientId: _, ...own } = apiKey
  assertSchema(
    CreateClientRequest,
    { client, apiKey: own, keysets },
    ["client", "keysets"],
    [{ keysets: [{}] }, { client: {} }],
  )
  assertSchema(
    CreateClientRequest,
    { client, device: { role: "member" }, keysets },
    ["client", "keysets"],
    [{ device: { role: "control" } }, { device: {} }],
  )
  const stored = {
    id: "abcdefghij234567",
    ...apiKey,
    createdAt: "2026-01-31T00:00:00.000Z",
    expiresAt: null,
    revokedAt: null,
    rotatedTo: null,
    lastUsedAt: null,
  }
  assertSchema(
    CreatedApiKey,
    { apiKey: stored, secret: "hkak_" },
    ["apiKey", "secret"],
    [{ secret: null }, { apiKey: { ...stored, id: "X" } }],
  )
  assertSchema(
    RotatedApiKey,
    { apiKey: stored, secret: "hkak_", rotated: { ...stored, rotatedTo: "abcdefghij234567" } },
    ["apiKey", "secret", "rotated"],
    [{ rotated: null }, { rotated: { ...stored, rotatedTo: "X" } }],
  )
})

test("an overlap is a whole number of seconds, up to 30 days", () => {
  const refused = [{ overlapSeconds: -1 }, { overlapSeconds: 30 * 86_400 + 1 }, { overlapSeconds: 0.5 }]
  assertSchema(RotateApiKeyRequest, { overlapSeconds: 0 }, [], [...refused, { overlapSeconds: "24h" }])
})
