/**
 * `halfkey/testing`: a real server for tests, on a free port of this machine, its data in memory where the system has a place
 * for that, and a workspace with credentials on it. Needs the package @halfkey/server beside this one, and Node 22 or newer for it.
 */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { Admin, createWorkspace } from "./admin.ts"
import type { ClientCredentials, NewClientOptions } from "./administration/types.ts"
import { toResult } from "./failure.ts"
import type { SecretsOptions } from "./options.ts"
import { type Result, unwrap } from "./result.ts"
import { Secrets } from "./secrets.ts"
import { startServer } from "./test-server.ts"

/** Of `startTestWorkspace`. */
export interface TestWorkspaceOptions {
  /** Default: production, staging, development. The first one is that of `options`, `env` and `secrets`. */
  readonly environments?: readonly string[] | undefined
  /** Settings of the server, as `HALFKEY_VALUE_MAX_LENGTH`. */
  readonly serverEnv?: Readonly<Record<string, string>> | undefined
  /** Program of Node 22 or newer that the server runs on. Default: this one; under Node 20, Bun and Deno, the `node` of `PATH`. */
  readonly node?: string | undefined
  /** Deadline of the start, and of calls made with `options`, in milliseconds. Default 30,000: machines that test are busy. */
  readonly timeoutMs?: number | undefined
}

/** Settings of one client of the test workspace, as options and as variables. */
export interface TestClient {
  /** For `new Secrets(options)` and `new Admin(options)`. No variable of this machine gets in. */
  readonly options: SecretsOptions
  /** The same as `CS_…` variables, for programs that are started by a test. */
  readonly env: Readonly<Record<string, string>>
}

/** A workspace on a server of its own, with its first admin. */
export interface TestWorkspace extends TestClient {
  readonly endpoint: string
  /** As its first admin. */
  readonly secrets: Secrets
  readonly admin: Admin
  /**
   * A further client, by default a member who reads and writes the first environment.
   *
   * @example
   * const { env, options } = unwrap(await place.client({ label: "api" }))
   * const secrets = new Secrets(options)
   * unwrap(await secrets.set("PORT", "8080"))
   * console.log(env["CS_ENVIRONMENT"]) // prints production
   * await secrets.close()
   */
  client(options?: Partial<NewClientOptions>): Promise<Result<TestClient>>
  /**
   * Ends the server and deletes its data. At the end of the process it happens by itself.
   *
   * @example
   * await place.close()
   */
  close(): Promise<void>
}

const usualTimeoutMs = 30_000
const usualEnvironments = ["production", "staging", "development"] as const

/**
 * Starts a server with a workspace on it.
 *
 * @example
 * const place = unwrap(await startTestWorkspace())
 * unwrap(await place.secrets.set("DATABASE_URL", "postgres://localhost/test"))
 * // What is tested: new Secrets(place.options), or a program with the variables place.env.
 * await place.close()
 */
export function startTestWorkspace(options: TestWorkspaceOptions = {}): Promise<Result<TestWorkspace>> {
  return toResult(async () => {
    const { environments = usualEnvironments, serverEnv = {}, timeoutMs = usualTimeoutMs, node } = options
    const [environment] = environments
    if (environment === undefined) throw new HalfkeyError("invalid_argument", "environments is empty")
    const server = await startServer(serverEnv, timeoutMs, node)
    const made = await createWorkspace({
      endpoint: server.endpoint,
      setupToken: server.setupToken,
      label: "test admin",
      environments,
      timeoutMs,
    })
    if (made.failure !== undefined) {
      await server.stop()
      const { code, message, ...details } = made.failure
      throw new HalfkeyError(code, message, details)
    }
    const clientOf = (credentials: ClientCredentials) =>
      testClient(credentials, { endpoint: server.endpoint, environment, timeoutMs })
    return opened(clientOf, made.data, server, environment)
  })
}

function opened(
  clientOf: (credentials: ClientCredentials) => TestClient,
  first: ClientCredentials,
  server: { readonly endpoint: string; stop(): Promise<void> },
  environment: string,
): TestWorkspace {
  const own = clientOf(first)
  const secrets = new Secrets(own.options)
  const admin = new Admin(own.options)
  return {
    ...own,
    endpoint: server.endpoint,
    secrets,
    admin,
    client: (options = {}) =>
      toResult(async () => {
        const usual = { label: "test client", environments: [{ name: environment }], apiKey: {} }
        return clientOf(unwrap(await admin.clients.create({ ...usual, ...options })).credentials)
      }),
    close: async () => {
      await Promise.all([secrets.close(), admin.close()])
      await server.stop()
    },
  }
}

function testClient(
  { apiKey, clientId, clientKey, workspaceCRN }: ClientCredentials,
  place: { readonly endpoint: string; readonly environment: string; readonly timeoutMs: number },
): TestClient {
  return {
    options: { workspaceCRN, clientId, clientKey, apiKey, ...place, env: {} },
    env: {
      CS_WORKSPACE_CRN: workspaceCRN,
      CS_CLIENT_ID: clientId,
      CS_CLIENT_KEY: clientKey,
      ...(apiKey !== undefined && { CS_CLIENT_ACCESS_KEY: apiKey }),
      CS_ENDPOINT: place.endpoint,
      CS_ENVIRONMENT: place.environment,
    },
  }
}
