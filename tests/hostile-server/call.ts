/** The form of a call: what a client does while it is lied to, by the SDK and, where there is such a command, by the real binary. */
import assert from "node:assert/strict"
import { Admin, unwrap } from "halfkey/admin"
import { type Result, Secrets } from "halfkey/secrets"
import type { Scene } from "./scene.ts"

export interface SdkClients {
  readonly secrets: Secrets
  readonly admin: Admin
}

export interface Call {
  /** Beginnings of the requests that bring what the call is about. */
  readonly about: readonly string[]
  /** Makes what the call needs, directly at the server, before each time. */
  readonly before?: (scene: Scene) => Promise<void>
  /** Starts without an access token, so that the first request is the one for a token. */
  readonly withoutToken?: true
  readonly sdk: (clients: SdkClients, scene: Scene) => Promise<Result<unknown>>
  readonly cli?: (scene: Scene) => { readonly args: readonly string[]; readonly stdin?: string }
  /** Checks what the SDK resolved to; by default that it is no failure. */
  readonly truth?: (result: Result<unknown>) => void
  /** What the command prints, and its exit code if that is not 0. */
  readonly prints?: string
  readonly exit?: number
  /** What the command says on stderr. */
  readonly tells?: RegExp
  /** Most requests that it takes, lies included. Default 12. */
  readonly requestsMax?: number
  /** Beginnings of writing requests that it sends before it asks for what is lied about. */
  readonly sends?: readonly string[]
  /** Its earlier requests are calls of their own: what these verified is kept, but of secrets nothing. */
  readonly learns?: true
  /** With an honest server it would put everybody out, so that this is not played: `cli/src/commands` shows that it works. */
  readonly notHonestly?: true
  /** Called after success. */
  readonly after?: (scene: Scene) => void
}

export const is = (expected: unknown) => (result: Result<unknown>) => assert.deepEqual(unwrap(result), expected)

/** Does something as the first admin, without the proxy. */
export async function asAdmin<T>(scene: Scene, work: (clients: SdkClients) => Promise<T>): Promise<T> {
  const options = scene.options({ endpoint: scene.server.url })
  const clients = { secrets: new Secrets(options), admin: new Admin(options) }
  try {
    return await work(clients)
  } finally {
    await clients.secrets.close()
    await clients.admin.close()
  }
}
