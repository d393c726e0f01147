/** A workspace on a measured server, and requests to it as bytes on the wire. */
import { createWorkspace } from "halfkey/admin"
import { Secrets, type SecretsOptions, type StoredToken, unwrap } from "halfkey/secrets"
import { requestText } from "./load.ts"
import { type MeasuredServer, type Recording, setupToken } from "./server-process.ts"

export const environment = "production"
export const readPath = "/v1/secrets/read"

export interface BenchWorkspace {
  /** The four credentials and the endpoint. */
  readonly credentials: SecretsOptions
  readonly secrets: Secrets
  accessToken(): string
  /** Most recent body that the SDK sent to `readPath`: what a warm client really asks. */
  lastReadBody(): string
}

/** Creates the first workspace of a server. */
export async function makeWorkspace(dataDirectory: string, server: MeasuredServer): Promise<BenchWorkspace> {
  const endpoint = `http://127.0.0.1:${server.port}`
  const made = unwrap(
    await createWorkspace({
      endpoint,
      setupToken: setupToken(dataDirectory),
      label: "bench",
      environments: [environment],
    }),
  )
  const { apiKey, clientId, clientKey, workspaceCRN } = made
  return openWorkspace({ endpoint, apiKey, clientId, clientKey, workspaceCRN, environment, env: {} })
}

/** A client of a workspace whose token and requests can be looked at. */
export function openWorkspace(credentials: SecretsOptions): BenchWorkspace {
  let token: StoredToken | undefined
  let readBody: string | undefined
  const secrets = new Secrets({
    ...credentials,
    timeoutMs: 60_000,
    tokens: {
      load: async () => token,
      save: async (saved) => {
        token = saved
      },
      clear: async () => {
        token = undefined
      },
    },
    transport: async ({ body, headers, method, signal, url }) => {
      if (url.endsWith(readPath)) readBody = body
      const answer = await fetch(url, { method, headers, signal, ...(body !== undefined && { body }) })
      return { status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() }
    },
  })
  return {
    credentials,
    secrets,
    accessToken: () => token?.accessToken ?? "",
    lastReadBody: () => readBody ?? "",
  }
}

/** Names and values as real ones are: a few dozen characters. */
export function usualEntries(count: number): Record<string, string> {
  const value = () => crypto.randomUUID() + crypto.randomUUID()
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`SERVICE_SETTING_${index}`, value()]))
}

/** The request of a warm client for these names: it holds token and key set, and reads again what it has read. */
export async function warmReadRequest(workspace: BenchWorkspace, names: readonly string[]): Promise<string> {
  for (let call = 0; call < 2; call++) unwrap(await workspace.secrets.readMany(names))
  return readRequest(workspace, workspace.lastReadBody())
}

export function readRequest(workspace: BenchWorkspace, body: string): string {
  return postRequest(workspace, readPath, body)
}

export function postRequest(workspace: BenchWorkspace, path: string, body: string): string {
  const headers = {
    accept: "application/json",
    "user-agent": "halfkey-bench",
    authorization: `Bearer ${workspace.accessToken()}`,
    "content-type": "application/json",
  }
  return requestText(path, headers, body)
}

/** What the real server answers to the request that `warmReadRequest` made. */
export async function recordAnswer(server: MeasuredServer, workspace: BenchWorkspace): Promise<Recording> {
  const answer = await fetch(`http://127.0.0.1:${server.port}${readPath}`, {
    method: "POST",
    headers: { authorization: `Bearer ${workspace.accessToken()}`, "content-type": "application/json" },
    body: workspace.lastReadBody(),
  })
  if (answer.status !== 200) throw new Error(`the recorded read was answered ${answer.status}: ${await answer.text()}`)
  const connection = ["connection", "keep-alive", "content-length", "date", "transfer-encoding"]
  const headers = Object.fromEntries([...answer.headers].filter(([name]) => !connection.includes(name)))
  return { path: readPath, headers, body: new Uint8Array(await answer.arrayBuffer()) }
}
