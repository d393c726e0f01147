/** The client assertion (S8, RFC 7523): a short JWT by which a client proves that it holds its client key. */
import { toBase64Url, utf8 } from "../primitives/bytes.ts"
import type { RandomSource } from "../primitives/random.ts"
import type { ClientIdentity } from "./client-identity.ts"

/** Lifetime of an assertion in seconds: the most that a server accepts (S8). */
export const assertionLifetimeSeconds = 60

/** `typ` of the JWT's header. */
export const assertionType = "client-authentication+jwt"

/** Signs an assertion for this workspace. `now` is in milliseconds since 1970. */
export function signClientAssertion(
  identity: ClientIdentity,
  workspaceCrn: string,
  now: number,
  random: RandomSource,
): string {
  const seconds = Math.floor(now / 1000)
  const header = { alg: "Ed25519", typ: assertionType }
  const claims = {
    iss: identity.clientId,
    sub: identity.clientId,
    aud: workspaceCrn,
    jti: toBase64Url(random(16)),
    iat: seconds,
    exp: seconds + assertionLifetimeSeconds,
  }
  const signed = `${jsonPart(header)}.${jsonPart(claims)}`
  return `${signed}.${toBase64Url(identity.signingKey.sign(utf8(signed)))}`
}

function jsonPart(value: object): string {
  return toBase64Url(utf8(JSON.stringify(value)))
}
