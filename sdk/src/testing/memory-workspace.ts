/** A workspace on a server in memory, for tests. */
import { signingKeyFromSeed } from "@halfkey/core/primitives/ed25519"
import { systemRandom } from "@halfkey/core/primitives/random"
import { createWorkspace } from "../admin.ts"
import type { NewWorkspace } from "../administration/types.ts"
import type { SecretsOptions } from "../options.ts"
import { unwrap } from "../result.ts"
import { MemoryServer } from "./memory-server.ts"

export const memoryEndpoint = "http://127.0.0.1:1"

export interface MemoryWorkspace {
  readonly server: MemoryServer
  readonly workspace: NewWorkspace
  /** Options of the first admin, environment production. */
  readonly options: SecretsOptions
}

export async function memoryWorkspace(
  environments: readonly string[] = ["production"],
  auditKey: Uint8Array = signingKeyFromSeed(systemRandom(32)).publicKey,
): Promise<MemoryWorkspace> {
  const server = new MemoryServer(auditKey)
  const workspace = unwrap(
    await createWorkspace({
      endpoint: memoryEndpoint,
      setupToken: server.setupToken,
      label: "admin",
      environments,
      transport: server.transport,
    }),
  )
  return { server, workspace, options: optionsOf(server, workspace) }
}

/** No variable of the machine gets into a test. */
export function optionsOf(
  server: MemoryServer,
  { apiKey, clientId, clientKey, workspaceCRN }: Partial<NewWorkspace>,
): SecretsOptions {
  const transport = server.transport
  const environment = "production"
  return { workspaceCRN, clientId, clientKey, apiKey, endpoint: memoryEndpoint, environment, transport, env: {} }
}
