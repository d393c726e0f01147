/** A workspace on the real server that is recovered again and again, for tests. */
import {
  Admin,
  createWorkspace,
  type NewWorkspace,
  type RecoveredWorkspace,
  type RecoverOptions,
  recoverWorkspace,
} from "../admin.ts"
import { Secrets, type SecretsOptions, unwrap } from "../secrets.ts"
import type { Transport } from "../transport.ts"
import { fetchTransport } from "../transport-fetch.ts"
import { RealServer } from "./real-server.ts"

type Credentials = Pick<RecoveredWorkspace, "workspaceCRN" | "clientId" | "clientKey" | "apiKey">

export class RecoveryScene {
  readonly server = new RealServer()
  /** What the watched transport has sent. */
  readonly sent: { readonly path: string; readonly authorization: string; readonly body: string }[] = []
  #workspace: NewWorkspace | undefined
  #current: Credentials | undefined

  /** As it was created. */
  get workspace(): NewWorkspace {
    if (this.#workspace === undefined) throw new Error("the scene is not open yet")
    return this.#workspace
  }

  /** The admin that counts now. */
  get current(): Credentials {
    return this.#current ?? this.workspace
  }

  set current(credentials: Credentials) {
    this.#current = credentials
  }

  async start(): Promise<void> {
    await this.server.start()
    const { setupToken, url: endpoint } = this.server
    const environments = ["production", "staging"]
    this.#workspace = unwrap(
      await createWorkspace({ endpoint, setupToken, label: "admin", environments, timeoutMs: 30_000 }),
    )
  }

  /** Notes what is sent, so that it can be sent again. */
  readonly watched: Transport = async (request) => {
    const { authorization = "" } = request.headers
    this.sent.push({ path: new URL(request.url).pathname, authorization, body: request.body ?? "" })
    return await fetchTransport(request)
  }

  optionsOf({ apiKey, clientId, clientKey, workspaceCRN }: Partial<Credentials>): SecretsOptions {
    const place = { environment: "production", endpoint: this.server.url, timeoutMs: 30_000, env: {} }
    return { apiKey, clientId, clientKey, workspaceCRN, ...place }
  }

  recover(more: Partial<RecoverOptions> = {}) {
    const { recoveryKit } = this.workspace
    const label = "new admin"
    return recoverWorkspace({ endpoint: this.server.url, recoveryKit, label, transport: this.watched, ...more })
  }

  /** As the admin that counts now. */
  async asAdmin<T>(work: (admin: Admin, secrets: Secrets) => Promise<T>): Promise<T> {
    const admin = new Admin(this.optionsOf(this.current))
    const secrets = new Secrets(this.optionsOf(this.current))
    try {
      return await work(admin, secrets)
    } finally {
      await admin.close()
      await secrets.close()
    }
  }

  /** Why these credentials read nothing; `undefined`: they do. */
  async codeOf(credentials: Partial<Credentials>): Promise<string | undefined> {
    const secrets = new Secrets(this.optionsOf(credentials))
    const { failure } = await secrets.get("A")
    await secrets.close()
    return failure?.code
  }

  post(path: string, authorization: string, body: string): Promise<Response> {
    const headers = { "content-type": "application/json", ...(authorization !== "" && { authorization }) }
    return fetch(`${this.server.url}${path}`, { method: "POST", headers, body })
  }
}
