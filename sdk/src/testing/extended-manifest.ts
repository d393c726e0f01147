/** One manifest more for production of a workspace in memory, signed by its admin. */
import { ClientIdentity } from "@halfkey/core/client/client-identity"
import { parseCrn } from "@halfkey/core/formats/crn"
import { isClientId } from "@halfkey/core/formats/ids"
import { type Manifest, manifestFormat } from "@halfkey/core/formats/manifest"
import type { MemoryWorkspace } from "./memory-workspace.ts"

export async function extendManifest(place: MemoryWorkspace, changes: Partial<Manifest>): Promise<void> {
  const { clientId, clientKey, workspaceCRN } = place.workspace
  if (!isClientId(clientId)) throw new TypeError("not a client id")
  const identity = ClientIdentity.fromConfiguration(parseCrn(workspaceCRN).workspaceId, clientId, clientKey)
  const keyset = place.server.keyset("production")
  const { signature: _, ...fields } = keyset.newest
  const next = {
    ...fields,
    ...changes,
    revision: fields.revision + 1,
    previousHash: manifestFormat.hash(keyset.newest),
  }
  keyset.manifests.push(manifestFormat.sign(next, identity.signingKey))
}
