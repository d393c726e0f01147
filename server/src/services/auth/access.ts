/** A caller whose token was verified, and the current state that it acts on. Made by `gate.ts` only. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { ClientId } from "@halfkey/core/formats/ids"
import type { Scope } from "@halfkey/core/formats/scopes"
import type { Caller } from "../../domain/caller.ts"
import type { Authority, ClientRow } from "../../domain/rows.ts"
import type { Guard } from "../../domain/store.ts"
import type { EntryDetails } from "../audit/entries.ts"
import { scopesOf } from "./api-key-rules.ts"
import type { WorkspaceState } from "./workspace-state.ts"

export interface AccessParts {
  readonly caller: Caller
  readonly workspace: WorkspaceState
  readonly apiKey: Authority
  readonly client: ClientRow | undefined
  /** Those of the token; the key's own are checked beside them. */
  readonly tokenScopes: ReadonlySet<Scope>
  readonly seal: (access: Access) => Guard
}

export class Access {
  readonly caller: Caller
  readonly workspace: WorkspaceState
  /** What the caller may do rests on it; its `id` is `null` for a device. */
  readonly apiKey: Authority
  readonly client: ClientRow | undefined
  /** For the audit entry. */
  readonly details: EntryDetails = {}
  readonly #tokenScopes: ReadonlySet<Scope>
  readonly #seal: (access: Access) => Guard
  #guard: Guard | undefined

  constructor(parts: AccessParts) {
    this.caller = parts.caller
    this.workspace = parts.workspace
    this.apiKey = parts.apiKey
    this.client = parts.client
    this.#tokenScopes = parts.tokenScopes
    this.#seal = parts.seal
  }

  /** Goes with the one call to the store that appends the entry. Every detail must be known by now. */
  guard(): Guard {
    this.#guard ??= this.#seal(this)
    return this.#guard
  }

  /** The leaf hash of the entry, once a guard was made. */
  get receipt(): Uint8Array | undefined {
    return this.#guard?.audit.leafHash
  }

  has(scope: Scope): boolean {
    return this.#tokenScopes.has(scope) && scopesOf(this.apiKey).has(scope)
  }

  scopes(): Scope[] {
    return [...scopesOf(this.apiKey)].filter((scope) => this.#tokenScopes.has(scope))
  }

  /** Throws `insufficient_scope`, or `api_key_restricted` when only the key's narrowing stands in the way. */
  requireAny(scopes: readonly Scope[]): void {
    if (scopes.some((scope) => this.has(scope))) return
    const { role, readOnly, id } = this.apiKey
    if (readOnly && scopes.some((scope) => scopesOf({ role, readOnly: false }).has(scope))) {
      throw new HalfkeyError("api_key_restricted", `the API key ${id} is read-only`, {
        hint: "use a key that may write, or ask an admin for one: halfkey keys create",
      })
    }
    const whose = id === null ? "device" : "API key"
    throw new HalfkeyError("insufficient_scope", `this needs ${scopes.join(" or ")}, the ${whose}'s role is ${role}`, {
      hint: id === null ? "ask an admin" : "use an API key of a role that allows it",
      facts: { scopes },
    })
  }

  /** Throws `client_required` for a token without a client. */
  requireClient(): ClientId {
    if (this.client !== undefined) return this.client.id
    throw new HalfkeyError("client_required", "this needs a token that a client asked for with its client key", {
      hint: "set CS_CLIENT_ID and CS_CLIENT_KEY beside the API key",
    })
  }
}
