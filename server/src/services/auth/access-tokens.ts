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
import { type CryptoKey, errors, jwtVerify, SignJWT } from "jose"
import { RecentMap } from "../recent-map.ts"

const accessTokenSeconds = 15 * 60
const tokensKept = 20_000
const tokenMaxLength = 4000

/** One key pair by its `kid`. */
export interface TokenKey {
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
}

/** What a verified token says. Whether it still holds is for the current state to tell. */
export interface TokenClaims {
  readonly workspaceId: WorkspaceId
  readonly apiKeyId: ApiKeyId
  readonly clientId: ClientId | undefined
  readonly scopes: ReadonlySet<Scope>
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

export class AccessTokens {
  readonly #issuer: string
  readonly #keys: ReadonlyMap<string, TokenKey>
  readonly #newest: TokenKey
  readonly #now: () => number
  readonly #random: RandomSource
  /** By hash, so that the cache is no list of tokens. */
  readonly #verified = new RecentMap<string, TokenClaims>(tokensKept)
  #last: { readonly token: string; readonly claims: TokenClaims } | undefined

  /** The last key signs; all of them verify. */
  constructor(issuer: string, keys: readonly TokenKey[], now: () => number, random: RandomSource) {
    const newest = keys.at(-1)
    if (newest === undefined) throw new Error("a server needs a token key")
    this.#issuer = issuer
    this.#keys = new Map(keys.map((key) => [key.kid, key]))
    this.#newest = newest
    this.#now = now
    this.#random = random
  }

  /** Issues a token for this workspace's CRN. Lives 15 minutes, or until `notAfter` (milliseconds). */
  async issue(
    claims: Omit<TokenClaims, "expiresAt" | "scopes"> & { readonly scopes: readonly Scope[] },
    crn: string,
    notAfter: number | null,
  ): Promise<{ readonly token: string; readonly expiresIn: number }> {
    const now = Math.floor(this.#now() / 1000)
    const lastSecond = notAfter === null ? Number.POSITIVE_INFINITY : Math.floor(notAfter / 1000)
    const exp = Math.max(now + 1, Math.min(now + accessTokenSeconds, lastSecond))
    const token = await new SignJWT({
      iss: this.#issuer,
      sub: claims.clientId ?? claims.apiKeyId,
      aud: crn,
      iat: now,
      exp,
      jti: toBase64Url(this.#random(16)),
      ...(claims.clientId !== undefined && { client_id: claims.clientId }),
      scope: claims.scopes.join(" "),
      workspace: claims.workspaceId,
      api_key_id: claims.apiKeyId,
    })
      .setProtectedHeader({ alg: "Ed25519", typ: "at+jwt", kid: this.#newest.kid })
      .sign(this.#newest.privateKey)
    return { token, expiresIn: exp - now }
  }

  /** The claims of a token that this server issued and that has not expired; `undefined` for anything else. */
  async verify(token: string): Promise<TokenClaims | undefined> {
    // One request asks several times, with the very same string.
    if (token === this.#last?.token) return this.#unexpired(this.#last.claims)
    if (token.length > tokenMaxLength) return undefined
    const key = hash("sha256", token, "base64")
    const known = this.#verified.get(key)
    const claims = known ?? (await this.#check(token))
    if (claims === undefined) return undefined
    if (known === undefined) this.#verified.set(key, claims)
    this.#last = { token, claims }
    return this.#unexpired(claims)
  }

  #unexpired(claims: TokenClaims): TokenClaims | undefined {
    return claims.expiresAt > this.#now() ? claims : undefined
  }

  async #check(token: string): Promise<TokenClaims | undefined> {
    try {
      const { payload } = await jwtVerify(
        token,
        ({ kid }) => {
          const found = this.#keys.get(kid ?? "")
          if (found === undefined) throw new errors.JWSInvalid("unknown kid")
          return found.publicKey
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
      if (typeof api_key_id !== "string" || !isApiKeyId(api_key_id)) return undefined
      if (client_id !== undefined && (typeof client_id !== "string" || !isClientId(client_id))) return undefined
      if (typeof scope !== "string" || typeof exp !== "number") return undefined
      return {
        workspaceId: workspace,
        apiKeyId: api_key_id,
        clientId: client_id,
        scopes: new Set(scope.split(" ").filter(isScope)),
        expiresAt: exp * 1000,
      }
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined
      throw error
    }
  }
}
