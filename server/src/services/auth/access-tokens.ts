/** Access tokens (S8): `at+jwt`, Ed25519, at most 15 minutes, made and checked by this server only. */
import { hash } from "node:crypto"
import {
  type ApiKeyId,
  type ClientId,
  isApiKeyId,
  isClientId,
  isWorkspaceId,
  type WorkspaceId,
} from "@halfkey/core/formats/ids"
import { isScope, type Scope } from "@halfkey/core/formats/scopes"
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import type { RandomSource } from "@halfkey/core/primitives/random"
import { type CryptoKey, decodeJwt, errors, jwtVerify, SignJWT } from "jose"
import { RecentMap } from "../recent-map.ts"

export const accessTokenSeconds = 15 * 60
const tokensKept = 20_000
const refusedKept = 10_000
const tokenMaxLength = 4000

/** One key pair by its `kid`. */
export interface TokenKey {
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
}

/** Keys that come and go while the server runs. */
export interface TokenKeys {
  /** The one that signs. */
  readonly newest: TokenKey
  /** By its `kid`, one that still verifies. */
  find(kid: string): Promise<TokenKey | undefined>
  /** Whether a key that `find` gave still verifies. */
  isCurrent(key: TokenKey): boolean
}

/** What a verified token says. Whether it still holds is for the current state to tell. */
export interface TokenClaims {
  readonly workspaceId: WorkspaceId
  /** `undefined` for a person's device (S9). */
  readonly apiKeyId: ApiKeyId | undefined
  readonly clientId: ClientId | undefined
  readonly scopes: ReadonlySet<Scope>
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

interface Verified {
  readonly claims: TokenClaims
  readonly key: TokenKey
}

/** Each token has a client, an API key, or both. */
function subject({ clientId, apiKeyId }: Pick<TokenClaims, "clientId" | "apiKeyId">): { readonly sub: string } {
  const sub = clientId ?? apiKeyId
  if (sub === undefined) throw new Error("a token needs a client or an API key")
  return { sub }
}

const tokenHash = (token: string) => hash("sha256", token, "base64")

export class AccessTokens {
  readonly #issuer: string
  readonly #keys: TokenKeys
  readonly #now: () => number
  readonly #random: RandomSource
  /** By hash, so that the cache is no list of tokens. */
  readonly #verified = new RecentMap<string, Verified>(tokensKept)
  /** Tokens that no time will make good: those that come again and again cost no signature check. */
  readonly #refused = new RecentMap<string, true>(refusedKept)
  #last: { readonly token: string; readonly verified: Verified } | undefined

  constructor(issuer: string, keys: TokenKeys, now: () => number, random: RandomSource) {
    this.#issuer = issuer
    this.#keys = keys
    this.#now = now
    this.#random = random
  }

  /** Issues a token for this workspace's CRN. Lives 15 minutes, or until `notAfter` (milliseconds). */
  async issue(
    claims: Omit<TokenClaims, "expiresAt" | "scopes"> & { readonly scopes: readonly Scope[] },
    crn: string,
    notAfter: number | null,
  ): Promise<{ readonly token: string; readonly expiresIn: number }> {
    const { newest } = this.#keys
    const { kid, privateKey } = newest
    const now = Math.floor(this.#now() / 1000)
    const lastSecond = notAfter === null ? Number.POSITIVE_INFINITY : Math.floor(notAfter / 1000)
    const exp = Math.max(now + 1, Math.min(now + accessTokenSeconds, lastSecond))
    const token = await new SignJWT({
      iss: this.#issuer,
      ...subject(claims),
      aud: crn,
      iat: now,
      exp,
      jti: toBase64Url(this.#random(16)),
      ...(claims.clientId !== undefined && { client_id: claims.clientId }),
      scope: claims.scopes.join(" "),
      workspace: claims.workspaceId,
      ...(claims.apiKeyId !== undefined && { api_key_id: claims.apiKeyId }),
    })
      .setProtectedHeader({ alg: "Ed25519", typ: "at+jwt", kid })
      .sign(privateKey)
    // Its first use costs no signature check.
    const verified = { ...claims, scopes: new Set(claims.scopes), expiresAt: exp * 1000 }
    this.#verified.set(tokenHash(token), { claims: verified, key: newest })
    return { token, expiresIn: exp - now }
  }

  /** Whether it was verified before. It may have expired since. */
  knows(token: string): boolean {
    return (
      token === this.#last?.token ||
      (token.length <= tokenMaxLength && this.#verified.get(tokenHash(token)) !== undefined)
    )
  }

  /** The claims of a token that this server issued and that has not expired; `undefined` for anything else. */
  async verify(token: string): Promise<TokenClaims | undefined> {
    // One request asks several times, with the very same string.
    if (token === this.#last?.token) return this.#current(this.#last.verified)
    if (token.length > tokenMaxLength) return undefined
    const key = tokenHash(token)
    const known = this.#verified.get(key)
    if (known === undefined && this.#refused.get(key)) return undefined
    const verified = known ?? (await this.#check(token, key))
    if (verified === undefined) return undefined
    if (known === undefined) this.#verified.set(key, verified)
    this.#last = { token, verified }
    return this.#current(verified)
  }

  /** Which workspace a token says it is for. Nothing is verified. */
  claimedWorkspace(token: string): WorkspaceId | undefined {
    if (token.length > tokenMaxLength) return undefined
    try {
      const { workspace } = decodeJwt(token)
      return typeof workspace === "string" && isWorkspaceId(workspace) ? workspace : undefined
    } catch {
      return undefined
    }
  }

  #current({ claims, key }: Verified): TokenClaims | undefined {
    return claims.expiresAt > this.#now() && this.#keys.isCurrent(key) ? claims : undefined
  }

  async #check(token: string, id: string): Promise<Verified | undefined> {
    let key: TokenKey | undefined
    try {
      const { payload } = await jwtVerify(
        token,
        async ({ kid }) => {
          key = await this.#keys.find(kid ?? "")
          if (key === undefined) throw new errors.JWSInvalid("unknown kid")
          return key.publicKey
        },
        {
          algorithms: ["Ed25519"],
          typ: "at+jwt",
          issuer: this.#issuer,
          requiredClaims: ["exp", "iat", "aud", "sub", "jti"],
          currentDate: new Date(this.#now()),
        },
      )
      const { workspace, api_key_id, client_id, scope, exp } = payload as Record<string, unknown>
      if (typeof workspace !== "string" || !isWorkspaceId(workspace)) return undefined
      if (api_key_id !== undefined && (typeof api_key_id !== "string" || !isApiKeyId(api_key_id))) return undefined
      if (api_key_id === undefined && client_id === undefined) return undefined
      if (client_id !== undefined && (typeof client_id !== "string" || !isClientId(client_id))) return undefined
      if (typeof scope !== "string" || typeof exp !== "number" || key === undefined) return undefined
      const claims = {
        workspaceId: workspace,
        apiKeyId: api_key_id,
        clientId: client_id,
        scopes: new Set(scope.split(" ").filter(isScope)),
        expiresAt: exp * 1000,
      }
      return { claims, key }
    } catch (error) {
      if (!(error instanceof errors.JOSEError || error instanceof TypeError)) throw error
      // Not for a key that is not known yet: another process may have made it just now. Nor for what a clock says.
      if (key !== undefined && !(error instanceof errors.JWTExpired)) this.#refused.set(id, true)
      return undefined
    }
  }
}
