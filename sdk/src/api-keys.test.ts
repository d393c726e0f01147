/** Rotating API keys by the SDK: what is sent, and which answers are no answer. */
import assert from "node:assert/strict"
import { test } from "node:test"
import type { ApiKeyId } from "@halfkey/core/formats/ids"
import { formatApiKey } from "@halfkey/core/formats/text-keys"
import { systemRandom } from "@halfkey/core/primitives/random"
import { Admin } from "./admin.ts"
import { unwrap } from "./secrets.ts"
import { memoryWorkspace } from "./testing/memory-workspace.ts"
import { intercepted, jsonResponse } from "./testing/tampering.ts"

const [oldId, newId] = ["a".repeat(16), "c".repeat(16)]
const route = `POST /v1/api-keys/${oldId}/rotate`

const apiKey = (id: string, rotatedTo: string | null) => ({
  id,
  label: "ci",
  role: "member",
  clientId: null,
  readOnly: true,
  environments: ["production"],
  networks: null,
  createdAt: "2026-01-31T00:00:00.000Z",
  expiresAt: "2026-02-01T00:00:00.000Z",
  revokedAt: null,
  rotatedTo,
  lastUsedAt: null,
})
const secret = formatApiKey({ keyId: newId as ApiKeyId, secret: systemRandom(32) })
const truth = () => ({ apiKey: apiKey(newId, null), secret, rotated: apiKey(oldId, newId) })

async function adminWith(answer: object, bodies: (string | undefined)[] = []): Promise<Admin> {
  const { options, server } = await memoryWorkspace(["production"])
  const transport = intercepted(server.transport, route, async ({ body }) => {
    bodies.push(body)
    return jsonResponse(201, answer)
  })
  return new Admin({ ...options, transport })
}

test("the overlap goes to the server, and both keys come back", async () => {
  const bodies: (string | undefined)[] = []
  const admin = await adminWith(truth(), bodies)
  assert.deepEqual(unwrap(await admin.apiKeys.rotate(oldId, { overlapSeconds: 0 })), truth())
  assert.deepEqual(unwrap(await admin.apiKeys.rotate(oldId)), truth())
  assert.deepEqual(bodies, ['{"overlapSeconds":0}', "{}"])
})

test("an answer about other keys than those asked for is refused", async () => {
  const lies = [
    { rotated: apiKey(newId, newId) },
    { rotated: apiKey(oldId, null) },
    { rotated: apiKey(oldId, "d".repeat(16)) },
    { apiKey: apiKey("d".repeat(16), null) },
    { secret: secret.slice(0, -1) },
    { rotated: undefined },
  ]
  for (const lie of lies) {
    const admin = await adminWith({ ...truth(), ...lie })
    assert.equal((await admin.apiKeys.rotate(oldId)).failure?.code, "invalid_response", JSON.stringify(lie))
  }
})

test("wrong arguments are told without a request", async () => {
  const bodies: (string | undefined)[] = []
  const admin = await adminWith(truth(), bodies)
  assert.equal((await admin.apiKeys.rotate("A".repeat(16))).failure?.code, "invalid_argument")
  for (const overlapSeconds of [-1, 0.5, Number.NaN, "0" as never]) {
    assert.equal((await admin.apiKeys.rotate(oldId, { overlapSeconds })).failure?.code, "invalid_argument")
  }
  assert.deepEqual(bodies, [])
})
