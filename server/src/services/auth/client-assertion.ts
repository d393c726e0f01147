/** Checking client assertions (S8, RFC 7523): a client proves that it holds its client key, for this workspace, once. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { type ClientId, isClientId } from "@halfkey/core/formats/ids"
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import { type CryptoKey, decodeJwt, errors, importJWK, type JWTPayload, jwtVerify } from "jose"
import type { ClientRow } from "../../domain/rows.ts"

/** Most seconds between `iat` and `exp`. */
const lifetimeSeconds = 60
/** How far the two clocks may be apart. */
const skewSeconds = 60
/** A used `jti` is kept longer than it could be used: a request may be late, and a clock may be set back. */
const graceSeconds = 300

const publicKeys = new WeakMap<ClientRow, CryptoKey>()

/** Who the assertion says it is from. Nothing is verified yet. */
export function claimedClient(assertion: string): ClientId {
  let claims: JWTPayload
  try {
    claims = decodeJwt(assertion)
  } catch {
    throw refused("it is no JWT")
  }
  if (typeof claims.iss !== "string" || !isClientId(claims.iss)) throw refused("its iss is no client id")
  return claims.iss
}

/**
 * Checks an assertion with the client's registered key and returns its `jti`, which the caller must use up, and when it
 * may be forgotten (milliseconds). Throws `invalid_client`, saying what is wrong.
 */
export async function verifyClientAssertion(
  assertion: string,
  client: ClientRow,
  crn: string,
  now: number,
): Promise<{ readonly jti: string; readonly expiresAt: number }> {
  const claims = await verifiedClaims(assertion, client, crn, now)
  const { iat, exp, jti, aud } = claims
  if (typeof iat !== "number" || typeof exp !== "number" || exp <= iat || exp - iat > lifetimeSeconds) {
    throw refused(`it must expire within ${lifetimeSeconds} seconds of its iat`)
  }
  if (typeof aud !== "string") throw refused("its aud must be the workspace CRN alone")
  if (typeof jti !== "string" || !/^[\x21-\x7e]{8,128}$/.test(jti)) {
    throw refused("its jti must be 8 to 128 visible characters")
  }
  // Whole milliseconds, since RFC 7519 allows fractions of a second.
  return { jti, expiresAt: Math.ceil((exp + skewSeconds + graceSeconds) * 1000) }
}

async function verifiedClaims(assertion: string, client: ClientRow, crn: string, now: number): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(assertion, await publicKey(client), {
      algorithms: ["Ed25519"],
      typ: "client-authentication+jwt",
      issuer: client.id,
      subject: client.id,
      audience: crn,
      requiredClaims: ["exp", "iat", "jti"],
      // Also refuses an `iat` that lies in the future.
      maxTokenAge: lifetimeSeconds,
      clockTolerance: skewSeconds,
      currentDate: new Date(now),
    })
    return payload
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw refused("it expired; check the clocks of both machines")
    if (error instanceof errors.JWTClaimValidationFailed && error.claim === "aud") {
      throw refused("its aud is not the CRN of the API key's workspace", "check CS_WORKSPACE_CRN")
    }
    if (error instanceof errors.JWTClaimValidationFailed) throw refused(`its ${error.claim} is not the one expected`)
    if (error instanceof errors.JWSSignatureVerificationFailed) {
      throw refused(
        "it was not signed with this client's key",
        "check CS_CLIENT_ID and CS_CLIENT_KEY: they must belong together",
      )
    }
    if (error instanceof errors.JOSEAlgNotAllowed) throw refused("its alg must be Ed25519")
    if (error instanceof errors.JOSEError || error instanceof TypeError) throw refused("it is malformed")
    throw error
  }
}

async function publicKey(client: ClientRow): Promise<CryptoKey> {
  const known = publicKeys.get(client)
  if (known !== undefined) return known
  const imported = await importJWK({ kty: "OKP", crv: "Ed25519", x: toBase64Url(client.signPk) }, "Ed25519")
  publicKeys.set(client, imported as CryptoKey)
  return imported as CryptoKey
}

function refused(
  why: string,
  hint = "sign a fresh assertion for each request, as spec/protocol.md S8 says",
): HalfkeyError {
  return new HalfkeyError("invalid_client", `the client assertion is refused: ${why}`, { hint })
}
