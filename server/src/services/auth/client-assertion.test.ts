import assert from "node:assert/strict"
import { test } from "node:test"
import { ClientIdentity } from "@halfkey/core/client/client-identity"
import { WorkspaceRoot } from "@halfkey/core/client/workspace-root"
import { formatCrn } from "@halfkey/core/formats/crn"
import { toBase64Url, utf8 } from "@halfkey/core/primitives/bytes"
import { systemRandom } from "@halfkey/core/primitives/random"
import type { ClientRow } from "../../domain/rows.ts"
import { verifyClientAssertion } from "./client-assertion.ts"

const { workspaceId } = await WorkspaceRoot.create(systemRandom)
const identity = await ClientIdentity.create(workspaceId, systemRandom)
const { clientId: id, signPk, kemPk } = await identity.publicKeys()
const client: ClientRow = {
  id,
  workspaceId,
  label: "client",
  signPk,
  kemPk,
  createdAt: 1,
  revokedAt: null,
  deviceRole: null,
}
const crn = formatCrn("local.self", workspaceId)
const now = 1_800_000_000_000

function assertion(claims: Readonly<Record<string, unknown>>): string {
  const header = { typ: "client-authentication+jwt", alg: "Ed25519" }
  const body = { iss: id, sub: id, aud: crn, jti: "0123456789abcdef", ...claims }
  const message = [header, body].map((part) => toBase64Url(utf8(JSON.stringify(part)))).join(".")
  return `${message}.${toBase64Url(identity.signingKey.sign(utf8(message)))}`
}

test("fractions of a second are taken, and kept as whole milliseconds", async () => {
  const iat = now / 1000
  const { expiresAt } = await verifyClientAssertion(assertion({ iat, exp: iat + 30.00041 }), client, crn, now)
  assert.ok(Number.isSafeInteger(expiresAt), `${expiresAt}`)
})

test("a jti outlives the last moment of its assertion, though the clock be set back by minutes", async () => {
  const iat = now / 1000
  const text = assertion({ iat, exp: iat + 60 })
  const lastMoment = now + 60_000 + 60_000 - 1
  const { expiresAt } = await verifyClientAssertion(text, client, crn, lastMoment)
  assert.ok(expiresAt >= lastMoment + 300_000)
  await assert.rejects(verifyClientAssertion(text, client, crn, lastMoment + 1), /expired/)
})
