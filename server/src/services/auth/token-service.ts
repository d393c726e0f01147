/** The token endpoint's rules (S8): API key and client assertion in, access token out. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { isScope, type Scope } from "@halfkey/core/formats/scopes"
import { parseApiKey } from "@halfkey/core/formats/text-keys"
import { equalBytes, sha256 } from "@halfkey/core/primitives/hash"
import { assertionTypeUri, type TokenRequest } from "@halfkey/core/wire/token"
import type { Answer, Caller, Counters } from "../../domain/caller.ts"
import type { ApiKeyRow, Authority, ClientRow } from "../../domain/rows.ts"
import { StaleStateError, type Store } from "../../domain/store.ts"
import type { AuditEntries, EntryDetails } from "../audit/entries.ts"
import type { Refusals } from "../audit/refusals.ts"
import type { AccessTokens } from "./access-tokens.ts"
import { afterRevocation, deviceAuthority, endOf, requireUsable, scopesOf } from "./api-key-rules.ts"
import { type AssertionUse, claimedClient, claimedCrn, verifyClientAssertion } from "./client-assertion.ts"
import { identifyDevice } from "./device-identity.ts"
import type { LastUses } from "./last-uses.ts"
import type { RateLimits } from "./rate-limits.ts"
import type { WorkspaceState, WorkspaceStates } from "./workspace-state.ts"

export interface IssuedToken {
  readonly accessToken: string
  /** Seconds. */
  readonly expiresIn: number
  readonly scopes: readonly Scope[]
}

export interface TokenServiceParts {
  readonly store: Store
  readonly states: WorkspaceStates
  readonly tokens: AccessTokens
  readonly entries: AuditEntries
  readonly refusals: Refusals
  readonly counters: Counters
  readonly uses: LastUses
  readonly limits: RateLimits
  readonly now: () => number
}

/** What a request for a token rests on; `device` where it has proved itself already. */
type Identified =
  | {
      readonly workspace: WorkspaceState
      readonly apiKey: ApiKeyRow
      /** The client that the key is for, which has proved nothing yet. */
      readonly bound: ClientRow | undefined
      readonly device?: undefined
    }
  | {
      readonly workspace: WorkspaceState
      readonly bound?: undefined
      readonly apiKey: Authority
      readonly device: AssertionUse & { readonly client: ClientRow }
    }

/** Compared with when there is no such key, so that both cases take the same time. */
const nobodysHash = new Uint8Array(32)

export class TokenService {
  readonly #parts: TokenServiceParts

  constructor(parts: TokenServiceParts) {
    this.#parts = parts
  }

  /**
   * Issues a token; the use of the assertion and the audit entry are durable first. Throws `invalid_client` and what
   * `requireUsable` throws. Refusals are noted, strangers' too where they name a workspace.
   */
  async issue(caller: Caller, request: TokenRequest): Promise<Answer<IssuedToken>> {
    for (let attempt = 0; attempt < 8; attempt++) {
      const identified = await this.#identify(caller, request)
      const { apiKey, device, workspace } = identified
      if (apiKey.id !== null) caller.identity.apiKeyId = apiKey.id
      if (device !== undefined) caller.identity.clientId = device.client.id
      // Before the client's signature is checked.
      if (attempt === 0) this.#parts.limits.take(apiKey.id ?? device?.client.id ?? "")
      try {
        return await this.#decide(caller, request, identified)
      } catch (error) {
        if (!(error instanceof StaleStateError)) throw error
        this.#parts.states.drop(workspace)
      }
    }
    throw new HalfkeyError("unavailable", "the workspace changes too quickly to decide", { hint: "try again" })
  }

  async #identify(caller: Caller, request: TokenRequest): Promise<Identified> {
    try {
      return request.api_key === undefined ? await this.#byDevice(request) : await this.#byApiKey(request.api_key)
    } catch (error) {
      if (error instanceof HalfkeyError) {
        this.#parts.counters.unauthenticated(error.code)
        // Nobody waits for it: the time must not tell whether there is such a key.
        if (error.code === "invalid_client") void this.#noteStranger(caller, request)
      }
      throw error
    }
  }

  /** A refusal of somebody who named a workspace of this server, by its API key or by its CRN, and proved nothing. */
  async #noteStranger(caller: Caller, { api_key, client_assertion }: TokenRequest): Promise<void> {
    const { refusals, store } = this.#parts
    try {
      const apiKey = api_key === undefined ? undefined : await store.apiKey(parseApiKey(api_key).keyId)
      const workspaceId =
        api_key === undefined && client_assertion !== undefined
          ? claimedCrn(client_assertion).workspaceId
          : apiKey?.workspaceId
      if (workspaceId === undefined) return
      const subject = apiKey && `wrong secret of ${apiKey.id}`
      await refusals.note(caller, { workspaceId, action: "token.issue", code: "invalid_client", subject })
    } catch (error) {
      if (!(error instanceof HalfkeyError)) throw error
    }
  }

  async #byApiKey(text: string): Promise<Identified> {
    const { states, store } = this.#parts
    const { keyId, secret } = parseApiKey(text)
    // Read past the cache: the secret is compared with what is stored now.
    const apiKey = await store.apiKey(keyId)
    const isRight = equalBytes(sha256(secret), apiKey?.secretHash ?? nobodysHash)
    const workspace = apiKey && (await states.get(apiKey.workspaceId))
    if (apiKey !== undefined && isRight && workspace !== undefined) {
      const bound = apiKey.clientId === null ? undefined : await workspace.client(apiKey.clientId)
      return { apiKey, bound, workspace }
    }
    throw new HalfkeyError("invalid_client", "the API key is not one of this server's", {
      hint: "check CS_CLIENT_ACCESS_KEY and that the endpoint is the right server",
    })
  }

  /** A person's device has no API key: its assertion says who it is (S9). */
  async #byDevice({ client_assertion: assertion, client_assertion_type: type }: TokenRequest): Promise<Identified> {
    if (assertion === undefined) {
      throw new HalfkeyError("invalid_request", "neither an api_key nor a client_assertion was sent", {
        hint: "set CS_CLIENT_ACCESS_KEY; a person's device sends its client_assertion alone",
      })
    }
    requireAssertionType(type)
    const { client, role, use, workspace } = await identifyDevice(this.#parts, assertion)
    return { workspace, apiKey: deviceAuthority(client, role), device: { client, ...use } }
  }

  async #decide(
    caller: Caller,
    request: TokenRequest,
    { apiKey, bound, device, workspace }: Identified,
  ): Promise<Answer<IssuedToken>> {
    const { store, entries, counters, tokens, uses, now } = this.#parts
    const details: EntryDetails = {}
    const guard = (client: ClientRow | undefined, code: string | undefined) => ({
      generation: workspace.row.generation,
      audit: entries.record(caller, {
        workspaceId: workspace.row.id,
        action: "token.issue",
        code,
        apiKeyId: apiKey.id ?? undefined,
        clientId: client?.id,
        details,
      }),
    })
    try {
      requireUsable(apiKey, device?.client ?? bound, now(), caller.address)
      const scopes = grantedScopes(apiKey, request.scope)
      const proof = device ?? (await this.#prove(request, apiKey, workspace))
      if (proof !== undefined) requireCurrent(proof.client)
      const allowed = guard(proof?.client, undefined)
      await store.issueToken(allowed, {
        assertion: proof && { clientId: proof.client.id, jti: proof.jti, expiresAt: proof.expiresAt },
        now: now(),
      })
      counters.auditEntry("allowed")
      uses.note(apiKey.id, proof?.client.id, now())
      const claims = {
        workspaceId: workspace.row.id,
        apiKeyId: apiKey.id ?? undefined,
        clientId: proof?.client.id,
        scopes,
      }
      const { token, expiresIn } = await tokens.issue(claims, workspace.row.crn, endOf(apiKey))
      return { value: { accessToken: token, expiresIn, scopes }, receipt: allowed.audit.leafHash }
    } catch (error) {
      if (error instanceof HalfkeyError && !["storage_full", "unavailable"].includes(error.code)) {
        await this.#parts.refusals.note(caller, {
          workspaceId: workspace.row.id,
          action: "token.issue",
          code: error.code,
          apiKeyId: apiKey.id ?? undefined,
          clientId: device?.client.id,
        })
      }
      throw error
    }
  }

  /** The client that proved itself; `undefined` for a control key that came alone. */
  async #prove(request: TokenRequest, apiKey: ApiKeyRow, workspace: WorkspaceState) {
    const { client_assertion: assertion, client_assertion_type: type } = request
    if (assertion === undefined) {
      if (apiKey.role === "control") return undefined
      throw new HalfkeyError("invalid_client", `an API key of role ${apiKey.role} needs a client assertion`, {
        hint: "set CS_CLIENT_ID and CS_CLIENT_KEY beside the API key",
      })
    }
    requireAssertionType(type)
    const clientId = claimedClient(assertion)
    if (apiKey.clientId !== null && apiKey.clientId !== clientId) {
      throw new HalfkeyError("invalid_client", `the API key ${apiKey.id} is bound to another client`, {
        hint: "use the client id and client key that were made together with this API key",
      })
    }
    const client = await workspace.client(clientId)
    if (client === undefined) {
      throw new HalfkeyError("invalid_client", `the client ${clientId} is not registered in this workspace`, {
        hint: "check CS_CLIENT_ID and CS_WORKSPACE_CRN",
      })
    }
    return { client, ...(await verifyClientAssertion(assertion, client, workspace.row.crn, this.#parts.now())) }
  }
}

function requireAssertionType(type: string | undefined): void {
  if (type === assertionTypeUri) return
  throw new HalfkeyError("invalid_client", `client_assertion_type must be ${assertionTypeUri}`)
}

function requireCurrent({ id, deviceRole, revokedAt }: ClientRow): void {
  if (revokedAt === null) return
  throw new HalfkeyError("client_revoked", `the client ${id} is revoked`, { hint: afterRevocation({ deviceRole }) })
}

/** All that the key has, or the part that was asked for. */
function grantedScopes(apiKey: Authority, requested: string | undefined): Scope[] {
  const available = scopesOf(apiKey)
  if (requested === undefined) return [...available]
  const wanted = requested.split(" ").filter((scope) => scope !== "")
  const refused = wanted.find((scope) => !isScope(scope) || !available.has(scope))
  if (wanted.length > 0 && refused === undefined) return wanted.filter(isScope)
  throw new HalfkeyError(
    "insufficient_scope",
    `${apiKey.id === null ? "the device" : `the API key ${apiKey.id}`} does not have all of the scopes asked for`,
    {
      hint: "leave scope out, or ask for less",
      facts: { scopes: [...available] },
    },
  )
}
