/** What makes a client's public keys acceptable (S3): usable, and the ones that its id commits to. */
import { isStrictPublicKey } from "../primitives/ed25519.ts"
import { type ClientId, clientIdOf, type WorkspaceId } from "./ids.ts"

/** Why these keys are refused, or `undefined` for good ones. `signPk` has 32 bytes, `kemPk` 1,216. */
export function clientKeysProblem(
  workspaceId: WorkspaceId,
  keys: { readonly clientId: ClientId; readonly signPk: Uint8Array; readonly kemPk: Uint8Array },
): string | undefined {
  if (!isStrictPublicKey(keys.signPk)) return `the key of client ${keys.clientId} is not a usable Ed25519 key`
  if (clientIdOf(workspaceId, keys.signPk, keys.kemPk) !== keys.clientId) {
    return `the keys of client ${keys.clientId} do not hash to its id`
  }
  return undefined
}
