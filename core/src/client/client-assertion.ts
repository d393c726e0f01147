/** Assertions (S8, RFC 7523): a short JWT by which a client, or the workspace's root at recovery, proves that it holds its key. */
import type { SignerId } from "../formats/ids.ts"
import { toBase64Url, utf8 } from "../primitives/bytes.ts"
import type { SigningKey } from "../primitives/ed25519.ts"
import type { RandomSource } from "../primitives/random.ts"
import type { ClientIdentity } from "./client-identity.ts"
import type { WorkspaceRoot } from "./workspace-root.ts"

/** Lifetime of an assertion in seconds: the most that a server accepts (S8). */
export const assertionLifetimeSeconds = 60

/** `typ` of the JWT's header. */
export const assertionType = "client-authentication+jwt"
/** `typ` of an assertion of the workspace's root: no other key signs one, and none of a client counts as one (S5). */
export const rootAssertionType = "root-authentication+jwt"

/** Signs an assertion for this workspace. `now` is in milliseconds since 1970. */
export function signClientAssertion(
  identity: ClientIdentity,
  workspaceCrn: string,
  now: number,
  random: RandomSource,
): string {
  const signer = { id: identity.clientId, signingKey: identity.signingKey, type: assertionType }
  return signAssertion(signer, workspaceCrn, now, random)
}

/** The same for the workspace's root; `iss` and `sub` are the workspace id. */
export function signRootAssertion(
  root: WorkspaceRoot,
  workspaceCrn: string,
  now: number,
  random: RandomSource,
): string {
  const signer = { id: root.workspaceId, signingKey: root.signingKey, type: rootAssertionType }
  return signAssertion(signer, workspaceCrn, now, random)
}

function signAssertion(
  { id, signingKey, type }: { readonly id: SignerId; readonly signingKey: SigningKey; readonly type: string },
  workspaceCrn: string,
  now: number,
  random: RandomSource,
): string {
  const seconds = Math.floor(now / 1000)
  const header = { alg: "Ed25519", typ: type }
  const claims = {
    iss: id,
    sub: id,
    aud: workspaceCrn,
    jti: toBase64Url(random(16)),
    iat: seconds,
    exp: seconds + assertionLifetimeSeconds,
  }
  const signed = `${jsonPart(header)}.${jsonPart(claims)}`
  return `${signed}.${toBase64Url(signingKey.sign(utf8(signed)))}`
}

function jsonPart(value: object): string {
  return toBase64Url(utf8(JSON.stringify(value)))
}
