/** Checking assertions (S8, RFC 7523): a client, or the root, proves that it holds its key, for this workspace, once. */
import { parseCrn, type WorkspaceCrn } from "@halfkey/core/formats/crn"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { type ClientId, isClientId, isWorkspaceId, type WorkspaceId } from "@halfkey/core/formats/ids"
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import { type CryptoKey, decodeJwt, errors, importJWK, type JWTPayload, jwtVerify } from "jose"
import type { ClientRow, WorkspaceRow } from "../../domain/rows.ts"

/** Most seconds between `iat` and `exp`. */
const lifetimeSeconds = 60
/** How far the two clocks may be apart. */
const skewSeconds = 60
/** A used `jti` is kept longer than it could be used: a request may be late, and a clock may be set back. */
const graceSeconds = 300

/** A client, or a device that is to become one. */
export type AssertingClient = Pick<ClientRow, "id" | "signPk">

const publicKeys = new WeakMap<AssertingClient, CryptoKey>()

/** Who the assertion says it is from. Nothing is verified yet. */
export function claimedClient(assertion: string): ClientId {
  const { iss } = claimed(assertion, ofClient.what)
  if (typeof iss !== "string" || !isClientId(iss)) throw refused("its iss is no client id")
  return iss
}

/** Which workspace it says it is for. Nothing is verified yet. */
export function claimedCrn(assertion: string): WorkspaceCrn {
  const aud = claimed(assertion, ofClient.what).aud
  if (typeof aud !== "string") throw refused("its aud must be the workspace CRN alone")
  return parseCrn(aud)
}

/** The same for the root's. */
export function claimedWorkspace(assertion: string): WorkspaceId {
  const { iss } = claimed(assertion, ofRoot.what)
  if (typeof iss !== "string" || !isWorkspaceId(iss)) throw refused("its iss is no workspace id", ofRoot.what)
  return iss
}

function claimed(assertion: string, what: string): { readonly iss?: unknown; readonly aud?: unknown } {
  try {
    return decodeJwt(assertion)
  } catch {
    throw refused("it is no JWT", what)
  }
}

/** A `jti` that the caller must use up, and when it may be forgotten (milliseconds). */
export interface AssertionUse {
  readonly jti: string
  readonly expiresAt: number
}

/** Checks an assertion with the client's registered key. Throws `invalid_client`, saying what is wrong. */
export async function verifyClientAssertion(
  assertion: string,
  client: AssertingClient,
  crn: string,
  now: number,
): Promise<AssertionUse> {
  const signer = { id: client.id, typ: "client-authentication+jwt", crn, key: await clientKey(client), ...ofClient }
  return verifyAssertion(assertion, signer, now)
}

/** The same with the root that the workspace's id commits to: what a recovery kit proves (S5). Throws `invalid_client`. */
export async function verifyRootAssertion(
  assertion: string,
  workspace: WorkspaceRow,
  now: number,
): Promise<AssertionUse> {
  const { id, crn, rootSignPk } = workspace
  const signer = { id, typ: "root-authentication+jwt", crn, key: await importedKey(rootSignPk), ...ofRoot }
  return verifyAssertion(assertion, signer, now)
}

const ofClient = {
  what: "client assertion",
  wrongKey: "it was not signed with this client's key",
  wrongKeyHint: "check CS_CLIENT_ID and CS_CLIENT_KEY: they must belong together",
  wrongAudience: "its aud is not the CRN of the API key's workspace",
  wrongAudienceHint: "check CS_WORKSPACE_CRN",
}
const ofRoot = {
  what: "root assertion",
  wrongKey: "it was not signed with this workspace's root",
  wrongKeyHint: "check the recovery kit: halfkey kit verify",
  wrongAudience: "its aud is not the CRN of the workspace",
  wrongAudienceHint: "check the CRN",
}

interface ExpectedSigner {
  readonly id: string
  readonly typ: string
  readonly crn: string
  readonly key: CryptoKey
  readonly what: string
  readonly wrongKey: string
  readonly wrongKeyHint: string
  readonly wrongAudience: string
  readonly wrongAudienceHint: string
}

async function verifyAssertion(assertion: string, signer: ExpectedSigner, now: number): Promise<AssertionUse> {
  const claims = await verifiedClaims(assertion, signer, now)
  const { iat, exp, jti, aud } = claims
  const { what } = signer
  if (typeof iat !== "number" || typeof exp !== "number" || exp <= iat || exp - iat > lifetimeSeconds) {
    throw refused(`it must expire within ${lifetimeSeconds} seconds of its iat`, what)
  }
  if (typeof aud !== "string") throw refused("its aud must be the workspace CRN alone", what)
  if (typeof jti !== "string" || !/^[\x21-\x7e]{8,128}$/.test(jti)) {
    throw refused("its jti must be 8 to 128 visible characters", what)
  }
  // Whole milliseconds, since RFC 7519 allows fractions of a second.
  return { jti, expiresAt: Math.ceil((exp + skewSeconds + graceSeconds) * 1000) }
}

async function verifiedClaims(assertion: string, signer: ExpectedSigner, now: number): Promise<JWTPayload> {
  const { id, key, crn, typ, what } = signer
  try {
    const { payload } = await jwtVerify(assertion, key, {
      algorithms: ["Ed25519"],
      typ,
      issuer: id,
      subject: id,
      audience: crn,
      requiredClaims: ["exp", "iat", "jti"],
      // Also refuses an `iat` that lies in the future.
      maxTokenAge: lifetimeSeconds,
      clockTolerance: skewSeconds,
      currentDate: new Date(now),
    })
    return payload
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw refused("it expired; check the clocks of both machines", what)
    if (error instanceof errors.JWTClaimValidationFailed && error.claim === "iat") {
      throw refused("its iat is not the one expected; check the clocks of both machines", what)
    }
    if (error instanceof errors.JWTClaimValidationFailed) {
      const hint = error.claim === "aud" ? signer.wrongAudienceHint : undefined
      throw refused(
        error.claim === "aud" ? signer.wrongAudience : `its ${error.claim} is not the one expected`,
        what,
        hint,
      )
    }
    if (error instanceof errors.JWSSignatureVerificationFailed) {
      throw refused(signer.wrongKey, what, signer.wrongKeyHint)
    }
    if (error instanceof errors.JOSEAlgNotAllowed) throw refused("its alg must be Ed25519", what)
    if (error instanceof errors.JOSEError || error instanceof TypeError) throw refused("it is malformed", what)
    throw error
  }
}

async function clientKey(client: AssertingClient): Promise<CryptoKey> {
  const known = publicKeys.get(client)
  if (known !== undefined) return known
  const imported = await importedKey(client.signPk)
  publicKeys.set(client, imported)
  return imported
}

async function importedKey(signPk: Uint8Array): Promise<CryptoKey> {
  const key = await importJWK({ kty: "OKP", crv: "Ed25519", x: toBase64Url(signPk) }, "Ed25519")
  return key as CryptoKey
}

function refused(
  why: string,
  what = ofClient.what,
  hint = "sign a fresh assertion for each request, as spec/protocol.md S8 says",
): HalfkeyError {
  return new HalfkeyError("invalid_client", `the ${what} is refused: ${why}`, { hint })
}
