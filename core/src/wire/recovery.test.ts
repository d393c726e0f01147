import { test } from "node:test"
import { toBase64Url } from "../primitives/bytes.ts"
import { assertSchema } from "../testing/schema.ts"
import { RecoveryCommitRequest, RecoveryCommitResponse, RecoveryReadRequest, RecoveryReadResponse } from "./recovery.ts"
import { RosterChange } from "./workspace.ts"

const bytes = (length: number) => toBase64Url(new Uint8Array(length))
const id = "6b0c0a52-77d5-8f0e-9c2e-2d1f5c3b9a10"

test("a machine may say what it has seen", () => {
  const refused = [
    { since: [{ keysetId: id, revision: 0 }] },
    { since: [{ keysetId: "x", revision: 1 }] },
    { since: {} },
  ]
  assertSchema(RecoveryReadRequest, { since: [{ keysetId: id, revision: 2 }] }, [], refused)
})

test("everything that verifies and opens a workspace is answered", () => {
  const answer = {
    workspaceCRN: "crn:local.self:x",
    root: { signPk: bytes(32), kemPk: bytes(1216) },
    rosters: [{}],
    keysets: [{ manifests: [{}], recoveryGrants: [{}] }],
  }
  const refused = [{ root: { signPk: bytes(31), kemPk: bytes(1216) } }, { keysets: [{ manifests: [{}] }] }]
  assertSchema(RecoveryReadResponse, answer, ["workspaceCRN", "root", "rosters", "keysets"], refused)
})

test("a recovery is one request: roster, admin, API key and every key set", () => {
  const request = {
    roster: {},
    client: { clientId: id, signPk: bytes(32), kemPk: bytes(1216), label: "admin" },
    apiKey: { label: "admin", role: "admin" },
    keysets: [{ manifest: {}, grants: [] }],
  }
  const refused = [
    { client: { ...request.client, signPk: bytes(33) } },
    { apiKey: { label: "", role: "admin" } },
    { keysets: [{ manifest: {} }] },
  ]
  assertSchema(RecoveryCommitRequest, request, ["roster", "client", "apiKey", "keysets"], refused)
  assertSchema(
    RecoveryCommitResponse,
    { workspaceCRN: "", apiKey: apiKey() },
    ["workspaceCRN", "apiKey"],
    [{ apiKey: {} }],
  )
})

test("a roster comes with the manifests that are signed again under it", () => {
  const request = { roster: {}, keysets: [{ manifest: {}, grants: [] }] }
  assertSchema(RosterChange, request, ["roster", "keysets"], [{ keysets: {} }, { roster: [] }])
})

function apiKey() {
  const time = "2026-01-31T00:00:00.000Z"
  const narrowing = { readOnly: false, environments: null, networks: null }
  const times = { createdAt: time, expiresAt: null, revokedAt: null, rotatedTo: null, lastUsedAt: null }
  return {
    apiKey: { id: "a".repeat(16), label: "admin", role: "admin", clientId: id, ...narrowing, ...times },
    secret: "hkak_",
  }
}
