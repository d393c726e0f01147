import assert from "node:assert/strict"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { after, test } from "node:test"
import { ClientIdentity } from "@halfkey/core/client/client-identity"
import { newKeyset } from "@halfkey/core/client/membership"
import { manifestFormat } from "@halfkey/core/formats/manifest"
import { rosterFormat } from "@halfkey/core/formats/roster"
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import { systemRandom } from "@halfkey/core/primitives/random"
import type { CreateWorkspaceRequest } from "@halfkey/core/wire/workspace"
import { apiCall } from "../../testing/api-call.ts"
import { auditLog } from "../../testing/audit-log.ts"
import { TestServer } from "../../testing/test-server.ts"
import { changeToWire, draftWorkspace, TestWorkspace } from "../../testing/test-workspace.ts"

const server = await TestServer.start({ after })
const draft = await draftWorkspace(server.url, ["production", "staging"])
const other = await draftWorkspace(server.url, ["production"])
const { request } = draft
const rootSigner = { signerId: draft.root.workspaceId, signingKey: draft.root.signingKey, now: Date.now() }

const create = (body: unknown, token: string | undefined = server.setupToken) =>
  apiCall(server.url, { method: "POST", path: "/v1/workspaces", token, body })

/** The request with the first key set's manifest changed and signed again by the root. */
function resigned(changes: Parameters<typeof manifestFormat.sign>[0] | object): CreateWorkspaceRequest {
  const [first, ...rest] = draft.keysets
  assert.ok(first)
  const { signature: _, ...fields } = first.manifest
  const manifest = manifestFormat.sign({ ...fields, ...changes }, draft.root.signingKey)
  return { ...request, keysets: [changeToWire({ ...first, manifest }), ...rest.map(changeToWire)] }
}

/** The request with its roster changed and signed again by the root. */
function rerostered(changes: object): CreateWorkspaceRequest {
  const { signature: _, ...fields } = draft.roster
  return {
    ...request,
    roster: rosterFormat.toJson(rosterFormat.sign({ ...fields, ...changes }, draft.root.signingKey)),
  }
}

const [firstKeyset] = request.keysets
assert.ok(firstKeyset)
const stranger = await ClientIdentity.create(draft.root.workspaceId, systemRandom)
const strangerKeys = await stranger.publicKeys()
const [firstMember] = draft.keysets[0]?.manifest.members ?? []
assert.ok(firstMember)
const withStranger = await newKeyset(
  {
    root: draft.root.publicKeys,
    roster: draft.roster,
    kind: "environment",
    name: "production",
    members: [{ ...strangerKeys, mode: "read", label: "stranger" }],
  },
  rootSigner,
  systemRandom,
)
const flipped = (text: string) => text.slice(0, 20) + (text[20] === "A" ? "B" : "A") + text.slice(21)

const refusals: readonly [name: string, body: unknown, status: number, code: string, check?: string][] = [
  [
    "another region",
    { ...request, workspaceCRN: request.workspaceCRN.replace("local.self", "eu-1.aws") },
    421,
    "wrong_region",
  ],
  ["no CRN", { ...request, workspaceCRN: "crn:local.self:short" }, 400, "invalid_crn"],
  ["another workspace's CRN", { ...request, workspaceCRN: other.crn }, 422, "invalid_document", "root"],
  ["another root", { ...request, root: other.request.root }, 422, "invalid_document", "root"],
  ["another workspace's roster", { ...request, roster: other.request.roster }, 422, "invalid_document", "roster"],
  ["a roster of seq 2", rerostered({ seq: 2 }), 422, "invalid_document", "roster"],
  ["a roster with a predecessor", rerostered({ previousHash: new Uint8Array(32) }), 422, "invalid_document", "roster"],
  ["a roster that a granter signed", rerostered({ signerId: draft.admin.clientId }), 422, "invalid_document", "roster"],
  [
    "a roster with another audit key",
    rerostered({ auditKey: draft.root.publicKeys.signPk }),
    422,
    "invalid_document",
    "audit key",
  ],
  [
    "a roster whose granter's keys are not its own",
    rerostered({ granters: [{ ...draft.roster.granters[0], kemPk: strangerKeys.kemPk }] }),
    422,
    "invalid_document",
    "roster",
  ],
  [
    "a roster that was changed",
    { ...request, roster: { ...request.roster, createdAt: new Date(0).toISOString() } },
    422,
    "invalid_document",
    "roster",
  ],
  [
    "a roster with an unknown field",
    { ...request, roster: { ...request.roster, more: 1 } },
    422,
    "invalid_document",
    "encoding",
  ],
  [
    "a client whose keys are not its own",
    { ...request, client: { ...request.client, kemPk: toBase64Url(strangerKeys.kemPk) } },
    422,
    "invalid_document",
    "client",
  ],
  [
    "a client key of small order",
    { ...request, client: { ...request.client, signPk: toBase64Url(new Uint8Array(32)) } },
    422,
    "invalid_document",
    "client",
  ],
  ["an API key that is no admin's", { ...request, apiKey: { label: "x", role: "member" } }, 400, "invalid_request"],
  [
    "an API key that is narrowed",
    { ...request, apiKey: { label: "x", role: "admin", readOnly: true } },
    400,
    "invalid_request",
  ],
  ["a manifest of revision 2", resigned({ revision: 2 }), 422, "invalid_document", "manifest"],
  [
    "a manifest of another workspace",
    { ...request, keysets: other.request.keysets },
    422,
    "invalid_document",
    "manifest",
  ],
  ["a manifest that is disabled", resigned({ state: "disabled" }), 422, "invalid_document", "state"],
  ["a manifest that is destroyed", resigned({ state: "destroyed" }), 422, "invalid_document", "state"],
  ["a manifest without an epoch", resigned({ epochs: [] }), 422, "invalid_document", "manifest"],
  ["a manifest under a roster that does not exist", resigned({ rosterSeq: 2 }), 422, "invalid_document", "roster"],
  ["a manifest under another roster", resigned({ rosterHash: new Uint8Array(32) }), 422, "invalid_document", "roster"],
  ["a manifest of an unknown signer", resigned({ signerId: stranger.clientId }), 422, "invalid_document", "signer"],
  [
    "a manifest with a granter's name and the root's signature",
    resigned({ signerId: draft.admin.clientId }),
    422,
    "invalid_document",
    "signature",
  ],
  [
    "a member that is not registered",
    { ...request, keysets: [changeToWire(withStranger)] },
    422,
    "invalid_document",
    "members",
  ],
  [
    "a member with another key",
    resigned({ members: [{ ...firstMember, kemPk: strangerKeys.kemPk }] }),
    422,
    "invalid_document",
    "members",
  ],
  ["no grant", { ...request, keysets: [{ ...firstKeyset, grants: [] }] }, 422, "invalid_document", "grants"],
  [
    "a grant twice",
    { ...request, keysets: [{ ...firstKeyset, grants: [...firstKeyset.grants, ...firstKeyset.grants] }] },
    422,
    "invalid_document",
    "grants",
  ],
  [
    "a grant of another key set",
    { ...request, keysets: [{ ...firstKeyset, grants: request.keysets[1]?.grants }] },
    422,
    "invalid_document",
    "grants",
  ],
  [
    "a grant for nobody",
    {
      ...request,
      keysets: [
        { ...firstKeyset, grants: [...firstKeyset.grants, { ...firstKeyset.grants[0], clientId: stranger.clientId }] },
      ],
    },
    422,
    "invalid_document",
    "grants",
  ],
  [
    "no recovery grant",
    { ...request, keysets: [{ ...firstKeyset, recoveryGrants: [] }] },
    422,
    "invalid_document",
    "recovery",
  ],
  [
    "another recovery grant",
    {
      ...request,
      keysets: [
        {
          ...firstKeyset,
          recoveryGrants: [
            {
              ...firstKeyset.recoveryGrants?.[0],
              sealedHalf: flipped(String(firstKeyset.recoveryGrants?.[0]?.["sealedHalf"])),
            },
          ],
        },
      ],
    },
    422,
    "invalid_document",
    "recovery",
  ],
  [
    "two environments of one name",
    {
      ...request,
      keysets: [
        firstKeyset,
        changeToWire(
          await newKeyset(
            {
              root: draft.root.publicKeys,
              roster: draft.roster,
              kind: "environment",
              name: "production",
              members: [{ ...(await draft.admin.publicKeys()), mode: "read", label: "admin" }],
            },
            rootSigner,
            systemRandom,
          ),
        ),
      ],
    },
    409,
    "already_exists",
  ],
  ["no environment", { ...request, keysets: [] }, 400, "invalid_request"],
]

for (const [name, body, status, code, check] of refusals) {
  test(`refuses to create a workspace with ${name}, and keeps the setup token usable`, async () => {
    const answer = await create(body)
    assert.deepEqual(
      [answer.status, answer.body.code, answer.body.check],
      [status, code, check],
      JSON.stringify(answer.body),
    )
    assert.equal((await apiCall(server.url, { path: "/.well-known/halfkey" })).body.needsSetup, true)
  })
}

test("refuses without the setup token, before it looks at the request", async () => {
  const { formatSetupToken } = await import("@halfkey/core/formats/text-keys")
  const wrong = formatSetupToken(systemRandom(32))
  for (const body of [request, {}]) {
    const answer = await create(body, wrong)
    assert.deepEqual([answer.status, answer.body.code], [401, "invalid_setup_token"])
  }
  const typo = await create(request, `${wrong.slice(0, -1)}!`)
  assert.deepEqual([typo.status, typo.body.code], [400, "invalid_key_text"])
  const none = await apiCall(server.url, { method: "POST", path: "/v1/workspaces", body: request })
  assert.deepEqual([none.status, none.body.code], [401, "invalid_setup_token"])
  assert.equal(auditLog(server).length, 0)
})

test("of several requests at once one creates its workspace; the token is used up and its file gone", async () => {
  const token = server.setupToken
  const answers = await Promise.all([create(request, token), create(other.request, token), create(request, token)])
  const created = answers.filter(({ status }) => status === 201)
  assert.equal(created.length, 1)
  for (const { status, body } of answers.filter((answer) => answer.status !== 201)) {
    assert.deepEqual([status, body.code], [401, "invalid_setup_token"])
  }
  assert.equal(existsSync(join(server.dataDirectory, "setup-token")), false)
  assert.deepEqual(
    auditLog(server).map(({ entry }) => [entry.action, entry.outcome]),
    [["workspace.create", "allowed"]],
  )
  assert.match(created[0]?.body.apiKey.secret, /^hkak_[a-z2-7]{16}_/)
  await server.stop()
  await server.startAgain()
  assert.equal(existsSync(join(server.dataDirectory, "setup-token")), false)
})

test("another setup token makes another workspace, and neither sees the other", async () => {
  await server.newSetupToken()
  const first = await TestWorkspace.create(server, ["production"])
  await server.newSetupToken()
  const second = await TestWorkspace.create(server, ["production"])
  await first.admin.set("production", { A: "first" })
  await second.admin.set("production", { A: "second" })
  assert.deepEqual(await first.admin.get("production", "A"), { A: "first" })
  assert.deepEqual(await second.admin.get("production", "A"), { A: "second" })
  const { keysetId } = await first.admin.keyset("production")
  const answer = await second.admin.call("GET", `/v1/keysets/${keysetId}`)
  assert.deepEqual([answer.status, answer.body.code], [404, "keyset_not_found"])
  assert.deepEqual(answer.body.facts.available, ["production"])
  await server.newSetupToken()
  const twice = await create(first.draft.request)
  assert.deepEqual([twice.status, twice.body.code], [409, "already_exists"])
})

test("says what the workspace is and who asks", async () => {
  await server.newSetupToken()
  const workspace = await TestWorkspace.create(server, ["production"])
  const body = await workspace.admin.expect("GET", "/v1/workspace")
  assert.equal(body.workspaceCRN, workspace.draft.crn)
  assert.equal(body.caller.clientId, workspace.admin.identity.clientId)
  assert.equal(body.caller.role, "admin")
  assert.deepEqual(body.rosters, [rosterFormat.toJson(workspace.draft.roster)])
  assert.deepEqual(await workspace.admin.expect("GET", "/v1/roster"), { root: body.root, rosters: body.rosters })
})
