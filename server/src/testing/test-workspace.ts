/** A workspace with real keys on a real server, its admin, and as many other clients as a test needs. */
import { ClientIdentity } from "@halfkey/core/client/client-identity"
import {
  addMember,
  firstRoster,
  type MembershipChange,
  type NewKeyset,
  newKeyset,
  removeMember,
} from "@halfkey/core/client/membership"
import { WorkspaceRoot } from "@halfkey/core/client/workspace-root"
import { formatCrn } from "@halfkey/core/formats/crn"
import { grantToJson, recoveryGrantToJson } from "@halfkey/core/formats/grant"
import { type MemberMode, manifestFormat } from "@halfkey/core/formats/manifest"
import { type Roster, rosterFormat } from "@halfkey/core/formats/roster"
import { fromBase64Url, toBase64Url } from "@halfkey/core/primitives/bytes"
import { systemRandom } from "@halfkey/core/primitives/random"
import type { NewApiKey } from "@halfkey/core/wire/clients"
import type { KeysetChange } from "@halfkey/core/wire/keysets"
import type { CreateWorkspaceRequest } from "@halfkey/core/wire/workspace"
import { type ApiAnswer, apiCall } from "./api-call.ts"
import { TestClient } from "./test-client.ts"
import type { TestServer } from "./test-server.ts"

const testEnvironments = ["production", "staging", "development"] as const

/** A request to create a workspace that is complete and right, with everything that it was made from. */
export interface WorkspaceDraft {
  readonly crn: string
  readonly root: WorkspaceRoot
  readonly roster: Roster
  readonly admin: ClientIdentity
  readonly keysets: readonly NewKeyset[]
  readonly request: CreateWorkspaceRequest
}

export async function draftWorkspace(
  url: string,
  environments: readonly string[] = testEnvironments,
  region = "local.self",
): Promise<WorkspaceDraft> {
  const discovery = await apiCall(url, { path: "/.well-known/halfkey" })
  const auditKey = fromBase64Url(discovery.body.auditKey) ?? new Uint8Array(0)
  const root = await WorkspaceRoot.create(systemRandom)
  const admin = await ClientIdentity.create(root.workspaceId, systemRandom)
  const keys = await admin.publicKeys()
  const signer = { signerId: root.workspaceId, signingKey: root.signingKey, now: Date.now() }
  const roster = firstRoster(root.workspaceId, [{ ...keys, label: "admin" }], auditKey, signer)
  const members = [{ ...keys, mode: "read-write" as const, label: "admin" }]
  const keysets: NewKeyset[] = []
  for (const name of environments) {
    const input = { root: root.publicKeys, roster, kind: "environment" as const, name, members }
    keysets.push(await newKeyset(input, signer, systemRandom))
  }
  const crn = formatCrn(region, root.workspaceId)
  const { signPk, kemPk } = root.publicKeys
  const request: CreateWorkspaceRequest = {
    workspaceCRN: crn,
    root: { signPk: toBase64Url(signPk), kemPk: toBase64Url(kemPk) },
    roster: rosterFormat.toJson(roster),
    client: await newClientToWire(admin, "admin"),
    apiKey: { label: "admin", role: "admin" },
    keysets: keysets.map(changeToWire),
  }
  return { crn, root, roster, admin, keysets, request }
}

export function changeToWire(change: MembershipChange | NewKeyset): KeysetChange {
  return {
    manifest: manifestFormat.toJson(change.manifest),
    grants: change.grants.map(grantToJson),
    ...("recoveryGrants" in change && { recoveryGrants: change.recoveryGrants.map(recoveryGrantToJson) }),
  }
}

export async function newClientToWire(identity: ClientIdentity, label: string) {
  const { clientId, signPk, kemPk } = await identity.publicKeys()
  return { clientId, signPk: toBase64Url(signPk), kemPk: toBase64Url(kemPk), label }
}

export class TestWorkspace {
  readonly server: TestServer
  readonly draft: WorkspaceDraft
  readonly admin: TestClient

  private constructor(server: TestServer, draft: WorkspaceDraft, admin: TestClient) {
    this.server = server
    this.draft = draft
    this.admin = admin
  }

  /** Creates a workspace with the server's setup token. */
  static async create(server: TestServer, environments: readonly string[] = testEnvironments): Promise<TestWorkspace> {
    const draft = await draftWorkspace(server.url, environments)
    const { setupToken: token } = server
    const answer = await apiCall(server.url, { method: "POST", path: "/v1/workspaces", token, body: draft.request })
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body))
    const parts = { url: () => server.url, crn: draft.crn, identity: draft.admin, apiKey: answer.body.apiKey.secret }
    return new TestWorkspace(server, draft, new TestClient(parts))
  }

  get signer() {
    const { clientId, signingKey } = this.admin.identity
    return { signerId: clientId, signingKey, now: Date.now() }
  }

  /** Registers a client as a member of these environments, with an API key of its own. */
  async createClient(
    environments: Readonly<Record<string, MemberMode>>,
    apiKey: Partial<NewApiKey> = {},
  ): Promise<TestClient> {
    const identity = await ClientIdentity.create(this.draft.root.workspaceId, systemRandom)
    const client = await newClientToWire(identity, "client")
    const keysets: KeysetChange[] = []
    for (const [name, mode] of Object.entries(environments)) {
      const member = { ...(await identity.publicKeys()), mode, label: "client" }
      keysets.push(changeToWire(await addMember(await this.admin.keyset(name), member, this.signer)))
    }
    const request = { client, apiKey: { label: "client", role: "member", ...apiKey }, keysets }
    const created = await this.admin.expect("POST", "/v1/clients", request)
    return this.client(identity, created.apiKey.secret)
  }

  /** A caller with another API key; `identity` `undefined` for a control key alone. */
  async withApiKey(identity: ClientIdentity | undefined, request: Partial<NewApiKey>): Promise<TestClient> {
    const body = { label: "another", role: "member", clientId: identity?.clientId ?? null, ...request }
    const created = await this.admin.expect("POST", "/v1/api-keys", body)
    return this.client(identity, created.secret)
  }

  client(identity: ClientIdentity | undefined, apiKey: string): TestClient {
    return new TestClient({ url: () => this.server.url, crn: this.draft.crn, identity, apiKey })
  }

  /** Takes a member out of an environment. */
  async removeMember(environment: string, client: TestClient): Promise<ApiAnswer> {
    const keyset = await this.admin.keyset(environment)
    const change = removeMember(keyset, client.identity.clientId, this.signer)
    return this.admin.call("PUT", `/v1/keysets/${environment}`, changeToWire(change))
  }
}
