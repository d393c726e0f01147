import { test } from "node:test"
import { toBase64Url } from "../primitives/bytes.ts"
import { assertSchema } from "../testing/schema.ts"
import { CreateWorkspaceRequest, RosterChain, Workspace } from "./workspace.ts"

const bytes = (length: number) => toBase64Url(new Uint8Array(length))
const root = { signPk: bytes(32), kemPk: bytes(1216) }
const clientId = "0b7d1f2c-6f4e-8a57-9a57-0e0c9b0f7a11"
const crn = "crn:local.self:ABCDEFGHIJKLMNOPQRSTUVWXYZ"

test("a workspace is created whole: root, roster, first client, API key and key sets", () => {
  const request = {
    workspaceCRN: crn,
    root,
    roster: {},
    client: { clientId, ...root, label: "admin" },
    apiKey: { label: "admin", role: "admin" },
    keysets: [{ manifest: {}, grants: [] }],
  }
  const refused = [
    { keysets: [] },
    { keysets: Array(101).fill({ manifest: {}, grants: [] }) },
    { root: {} },
    { workspaceCRN: "x".repeat(121) },
  ]
  assertSchema(CreateWorkspaceRequest, request, Object.keys(request), refused)
})

test("a workspace tells the caller who it is", () => {
  const caller = {
    clientId: null,
    apiKeyId: "abcdefghij234567",
    role: "control",
    scopes: ["keyset:list"],
    narrowing: null,
  }
  const workspace = {
    workspaceCRN: crn,
    createdAt: "2026-01-31T00:00:00.000Z",
    root,
    rosters: [],
    auditKey: bytes(32),
    caller,
  }
  assertSchema(Workspace, workspace, Object.keys(workspace), [
    { caller: { ...caller, role: "root" } },
    { caller: { ...caller, narrowing: { readOnly: true } } },
    { auditKey: "" },
  ])
  const device = { ...workspace, caller: { ...caller, clientId, apiKeyId: null, role: "member" } }
  assertSchema(Workspace, device, Object.keys(workspace), [{ caller: { ...caller, apiKeyId: "x" } }])
  assertSchema(RosterChain, { root, rosters: [{}] }, ["root", "rosters"], [{ rosters: "x" }])
})
