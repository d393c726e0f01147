/** A person's device as its owner and its admin see it. */
import { signClientAssertion } from "@halfkey/core/client/client-assertion"
import { ClientIdentity } from "@halfkey/core/client/client-identity"
import { addMember } from "@halfkey/core/client/membership"
import type { MemberMode } from "@halfkey/core/formats/manifest"
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import { systemRandom } from "@halfkey/core/primitives/random"
import type { CreateClientRequest } from "@halfkey/core/wire/clients"
import type { NewDevice } from "@halfkey/core/wire/devices"
import type { KeysetChange } from "@halfkey/core/wire/keysets"
import { type ApiAnswer, apiCall } from "./api-call.ts"
import type { TestClient } from "./test-client.ts"
import { changeToWire, newClientToWire, type TestWorkspace } from "./test-workspace.ts"

export class TestDevice {
  readonly identity: ClientIdentity
  readonly request: NewDevice
  /** It asks for tokens without an API key. */
  readonly client: TestClient
  readonly #workspace: TestWorkspace

  private constructor(workspace: TestWorkspace, identity: ClientIdentity, request: NewDevice) {
    this.identity = identity
    this.request = request
    this.client = workspace.client(identity, "")
    this.#workspace = workspace
  }

  static async make(workspace: TestWorkspace, label = "laptop"): Promise<TestDevice> {
    const identity = await ClientIdentity.create(workspace.draft.root.workspaceId, systemRandom)
    const client = await newClientToWire(identity, label)
    const nonce = toBase64Url(systemRandom(32))
    return new TestDevice(workspace, identity, { workspaceCRN: workspace.draft.crn, ...client, nonce })
  }

  /** `now`: of the assertion. */
  assertion(now = Date.now(), crn = this.request.workspaceCRN): string {
    return signClientAssertion(this.identity, crn, now, systemRandom)
  }

  file(changes: Partial<NewDevice> = {}, token: string | undefined = this.assertion()): Promise<ApiAnswer> {
    const body = { ...this.request, ...changes }
    return apiCall(this.#workspace.server.url, { method: "POST", path: "/v1/devices", token, body })
  }

  /** What an admin sends who compared the code. */
  async approval(
    environments: Readonly<Record<string, MemberMode>>,
    role: "admin" | "member" = "member",
  ): Promise<CreateClientRequest> {
    const { clientId, kemPk, label, signPk } = this.request
    const keysets: KeysetChange[] = []
    for (const [name, mode] of Object.entries(environments)) {
      const member = { ...(await this.identity.publicKeys()), mode, label }
      const keyset = await this.#workspace.admin.keyset(name)
      keysets.push(changeToWire(await addMember(keyset, member, this.#workspace.signer)))
    }
    return { client: { clientId, signPk, kemPk, label }, device: { role }, keysets }
  }

  /** Filed and approved. */
  async letIn(environments: Readonly<Record<string, MemberMode>>, role?: "admin" | "member"): Promise<void> {
    const answer = await this.file()
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body))
    await this.#workspace.admin.expect("POST", "/v1/clients", await this.approval(environments, role))
  }
}
