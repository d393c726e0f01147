/**
 * The gate in front of every service method: verifies the token, looks at the current state, decides by the rule, and
 * has the decision written down before anybody learns of it. Deciding and logging are one step, so neither is forgotten.
 */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { Answer, Caller, Counters } from "../../domain/caller.ts"
import type { Authority, ClientRow } from "../../domain/rows.ts"
import { type Guard, StaleStateError, type Store } from "../../domain/store.ts"
import type { AuditEntries } from "../audit/entries.ts"
import type { Refusals } from "../audit/refusals.ts"
import { type Rule, type RuledAction, rules } from "../rules.ts"
import { Access } from "./access.ts"
import type { AccessTokens, TokenClaims } from "./access-tokens.ts"
import { afterRevocation, deviceAuthority, isNarrowed, requireUsable } from "./api-key-rules.ts"
import type { LastUses } from "./last-uses.ts"
import type { WorkspaceState, WorkspaceStates } from "./workspace-state.ts"

/** How often a decision is made anew because the workspace changed meanwhile. */
const attempts = 8

/** How a decision ends that is not to be written yet. */
const allowed = new Error("allowed so far")

export interface GateParts {
  readonly store: Store
  readonly states: WorkspaceStates
  readonly tokens: AccessTokens
  readonly entries: AuditEntries
  readonly refusals: Refusals
  readonly counters: Counters
  readonly uses: LastUses
  readonly now: () => number
}

export class Gate {
  readonly #parts: GateParts

  constructor(parts: GateParts) {
    this.#parts = parts
  }

  /**
   * Runs `body` for a caller who may do `action`. The body must end with exactly one call to the store that takes
   * `access.guard()`; `append` is the one for what only reads. It may run again, from its beginning, when the workspace
   * changed meanwhile. A refusal is written as well, then thrown.
   */
  async decide<T>(caller: Caller, action: RuledAction, body: (access: Access) => Promise<T>): Promise<Answer<T>> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const claims = await this.authenticate(caller, action)
      const workspace = await this.#parts.states.get(claims.workspaceId)
      if (workspace === undefined) throw this.#unauthenticated("the token's workspace is not on this server")
      try {
        return await this.#attempt(caller, action, claims, workspace, body)
      } catch (error) {
        if (!(error instanceof StaleStateError)) throw error
        this.#parts.states.drop(workspace)
      }
    }
    throw new HalfkeyError("unavailable", "the workspace changes too quickly to decide", { hint: "try again" })
  }

  /**
   * Refuses, with an entry, whom the rule refuses whatever the request says: before a large body is read. What is allowed is
   * decided again, and written, with the body.
   */
  async requireAllowed(caller: Caller, action: RuledAction): Promise<void> {
    try {
      await this.decide(caller, action, async () => {
        throw allowed
      })
    } catch (error) {
      if (error !== allowed) throw error
    }
  }

  /** Whether its token was verified before, so that it costs nothing to look at. */
  knows({ credential }: Caller): boolean {
    return credential !== undefined && this.#parts.tokens.knows(credential)
  }

  /** Writes the entry of what only reads. */
  append(access: Access): Promise<void> {
    return this.#parts.store.appendAudit(access.guard())
  }

  async #attempt<T>(
    caller: Caller,
    action: RuledAction,
    claims: TokenClaims,
    workspace: WorkspaceState,
    body: (access: Access) => Promise<T>,
  ): Promise<Answer<T>> {
    const rule = rules[action]
    let access: Access | undefined
    try {
      access = await this.#access(caller, action, claims, workspace)
      applyRule(access, rule)
      const value = await body(access)
      const { receipt } = access
      if (receipt === undefined) throw new Error(`${action} was allowed without an audit entry`)
      if (rule.changesState) this.#parts.states.drop(workspace)
      this.#parts.counters.auditEntry("allowed")
      return { value, receipt }
    } catch (error) {
      if (isRefusal(error) && access !== undefined) {
        await this.#refuse(caller, action, claims, workspace, access, error.code)
      } else if (isRefusal(error)) {
        // Whoever is out keeps a token for a quarter of an hour: it must not fill the disk with entries (ADR 23).
        const { apiKeyId, clientId, workspaceId } = claims
        await this.#parts.refusals.note(caller, { workspaceId, action, code: error.code, apiKeyId, clientId })
      }
      throw error
    }
  }

  /** Whether the token is one of this server's that has not expired; not yet what it allows. Throws `invalid_token`. */
  async authenticate(caller: Caller, action: RuledAction | "route.unknown"): Promise<TokenClaims> {
    const { credential } = caller
    if (credential === undefined) throw this.#unauthenticated("no access token was sent")
    const claims = await this.#parts.tokens.verify(credential)
    if (claims === undefined) {
      const workspaceId = this.#parts.tokens.claimedWorkspace(credential)
      // Nobody waits for it: whoever has no token learns nothing, not even from how long it takes.
      if (workspaceId !== undefined) {
        void this.#parts.refusals.note(caller, { workspaceId, action, code: "invalid_token" })
      }
      throw this.#unauthenticated("it is malformed, expired, or not from this server")
    }
    caller.identity.workspaceId = claims.workspaceId
    if (claims.apiKeyId !== undefined) caller.identity.apiKeyId = claims.apiKeyId
    if (claims.clientId !== undefined) caller.identity.clientId = claims.clientId
    return claims
  }

  #unauthenticated(why: string): HalfkeyError {
    this.#parts.counters.unauthenticated("invalid_token")
    return new HalfkeyError("invalid_token", `the access token is not valid: ${why}`, {
      hint: "ask for a new one at /oauth/token",
    })
  }

  /** The current state of key and client, whatever the token says. */
  async #access(caller: Caller, action: RuledAction, claims: TokenClaims, workspace: WorkspaceState): Promise<Access> {
    const client = claims.clientId && (await workspace.client(claims.clientId))
    const apiKey = claims.apiKeyId === undefined ? authorityOf(client) : await workspace.apiKey(claims.apiKeyId)
    if (apiKey === undefined) throw new HalfkeyError("api_key_revoked", "the token's API key does not exist")
    const now = this.#parts.now()
    requireUsable(apiKey, client || undefined, now, caller.address)
    if (claims.clientId !== undefined && (client === undefined || client.revokedAt !== null)) {
      throw new HalfkeyError("client_revoked", `the client ${claims.clientId} is revoked`, {
        hint: afterRevocation(client || { deviceRole: null }),
      })
    }
    this.#parts.uses.note(apiKey.id, claims.clientId, now)
    return new Access({
      caller,
      workspace,
      apiKey,
      client,
      tokenScopes: claims.scopes,
      seal: (access) => this.#guard(caller, action, claims, workspace, access, undefined),
    })
  }

  /** A refusal of somebody who was authenticated is written too, and must be as current as a permission. */
  async #refuse(
    caller: Caller,
    action: RuledAction,
    claims: TokenClaims,
    workspace: WorkspaceState,
    access: Access,
    code: string,
  ): Promise<void> {
    await this.#parts.store.appendAudit(this.#guard(caller, action, claims, workspace, access, code))
    this.#parts.counters.auditEntry("denied")
  }

  #guard(
    caller: Caller,
    action: RuledAction,
    { workspaceId, apiKeyId, clientId }: TokenClaims,
    workspace: WorkspaceState,
    access: Access | undefined,
    code: string | undefined,
  ): Guard {
    const details = access?.details ?? {}
    const audit = this.#parts.entries.record(caller, { workspaceId, action, code, apiKeyId, clientId, details })
    return { generation: workspace.row.generation, audit }
  }
}

/** Of a token without an API key. */
function authorityOf(client: ClientRow | undefined): Authority | undefined {
  return client === undefined || client.deviceRole === null ? undefined : deviceAuthority(client, client.deviceRole)
}

function applyRule(access: Access, rule: Rule): void {
  access.requireAny(rule.scopes)
  if (rule.client) access.requireClient()
  const { apiKey } = access
  const refused = rule.refusedTo === "narrowed" ? isNarrowed(apiKey) : rule.refusedTo && apiKey.keysetIds !== null
  if (refused) {
    throw new HalfkeyError("api_key_restricted", `the API key ${apiKey.id} is narrowed and does not allow this`, {
      hint: "use a key that is not narrowed",
    })
  }
}

/** What a caller did or may not do; not what went wrong on this side. */
function isRefusal(error: unknown): error is HalfkeyError {
  return error instanceof HalfkeyError && !["storage_full", "unavailable", "internal_error"].includes(error.code)
}
