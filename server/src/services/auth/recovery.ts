/**
 * Recovery (S5): who holds the recovery kit reads every document and puts a new admin in the place of everybody. The
 * proof is an assertion of the workspace's root; what is changed is checked like every other change.
 */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { recoveryGrantToJson } from "@halfkey/core/formats/grant"
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import type { RandomSource } from "@halfkey/core/primitives/random"
import type {
  RecoveryCommitRequest,
  RecoveryCommitResponse,
  RecoveryReadRequest,
  RecoveryReadResponse,
} from "@halfkey/core/wire/recovery"
import type { Answer, Caller, Counters } from "../../domain/caller.ts"
import { type Guard, StaleStateError, type Store } from "../../domain/store.ts"
import type { RootAssertionInput } from "../../domain/store-inputs.ts"
import type { AuditEntries, EntryDetails } from "../audit/entries.ts"
import type { Refusals } from "../audit/refusals.ts"
import { rosterChain } from "../keys/bundle.ts"
import { refused } from "../keys/keyset-checks.ts"
import type { RosterChanges } from "../keys/roster-changes.ts"
import { apiKeyToWire, newApiKey } from "./api-keys.ts"
import { claimedWorkspace, verifyRootAssertion } from "./client-assertion.ts"
import { newClientRow } from "./clients.ts"
import type { WorkspaceState, WorkspaceStates } from "./workspace-state.ts"

export interface RecoveryParts {
  readonly store: Store
  readonly states: WorkspaceStates
  readonly changes: RosterChanges
  readonly entries: AuditEntries
  readonly refusals: Refusals
  readonly counters: Counters
  readonly now: () => number
  readonly random: RandomSource
}

/** What a request of the root acts on. The body ends with one call to the store that takes the guard and the assertion. */
interface Attempt {
  readonly workspace: WorkspaceState
  readonly details: EntryDetails
  readonly assertion: RootAssertionInput
  readonly guard: () => Guard
}

export type RecoveryAction = "recovery.read" | "recovery.commit"

export class Recovery {
  readonly #parts: RecoveryParts

  constructor(parts: RecoveryParts) {
    this.#parts = parts
  }

  /** Throws `invalid_client` for a proof that is none, or that was used before. */
  read(caller: Caller, { since = [] }: RecoveryReadRequest): Promise<Answer<RecoveryReadResponse>> {
    const { store } = this.#parts
    return this.#decide(caller, "recovery.read", async ({ workspace, assertion, guard }) => {
      const keysets: RecoveryReadResponse["keysets"] = []
      const seen = new Map(since.map(({ keysetId, revision }) => [keysetId, revision]))
      for (const { id, revision } of await store.keysets(workspace.row.id)) {
        const from = seen.get(id)
        const manifests = await store.manifests(id, from && Math.min(from, revision))
        const recoveryGrants = (await store.recoveryGrants(id)).map(recoveryGrantToJson)
        keysets.push({ manifests: manifests.map(({ json }) => JSON.parse(json)), recoveryGrants })
      }
      const chain = await rosterChain(workspace)
      await store.useRootAssertion(guard(), assertion)
      return { workspaceCRN: workspace.row.crn, ...chain, keysets }
    })
  }

  /** All or nothing; every other client and API key is out with it. Throws `invalid_document`, `revision_conflict`. */
  commit(caller: Caller, request: RecoveryCommitRequest): Promise<Answer<RecoveryCommitResponse>> {
    const { store, changes, now, random } = this.#parts
    return this.#decide(caller, "recovery.commit", async ({ workspace, details, assertion, guard }) => {
      const { crn, id: workspaceId } = workspace.row
      const client = newClientRow(workspaceId, request.client, now())
      details.subject = client.id
      const { label, role, readOnly, environments, networks, expiresAt } = request.apiKey
      if (role !== "admin" || readOnly || environments || networks || expiresAt) {
        throw new HalfkeyError("invalid_request", "the first API key must have the role admin and not be narrowed")
      }
      const place = { workspaceId, clientId: client.id, keysetIds: null, now: now(), random }
      const apiKey = newApiKey({ label, role }, place)
      const checked = await changes.check(workspace, request, client)
      const { granters, signerId } = checked.roster
      if (signerId !== workspaceId) throw refused("signer", "the roster is not signed by the root")
      // Whoever else is listed is about to be revoked.
      if (granters.some(({ clientId }) => clientId !== client.id)) {
        throw refused("granters", "the new admin must be the only granter")
      }
      await store.recoverWorkspace(guard(), {
        assertion,
        client,
        apiKey: apiKey.row,
        roster: checked.row,
        keysets: checked.keysets.map(({ input }) => input),
        revokedAt: now(),
      })
      this.#parts.states.drop(workspace)
      return {
        workspaceCRN: crn,
        apiKey: { apiKey: apiKeyToWire(apiKey.row, new Map(), null), secret: apiKey.secret },
      }
    })
  }

  async #decide<T>(caller: Caller, action: RecoveryAction, body: (attempt: Attempt) => Promise<T>): Promise<Answer<T>> {
    for (let attempt = 0; attempt < 8; attempt++) {
      const { workspace, assertion } = await this.authenticate(caller, action)
      try {
        return await this.#attempt(caller, action, workspace, assertion, body)
      } catch (error) {
        if (!(error instanceof StaleStateError)) throw error
        this.#parts.states.drop(workspace)
      }
    }
    throw new HalfkeyError("unavailable", "the workspace changes too quickly to decide", { hint: "try again" })
  }

  /** Also before a body is read. Who does not hold the kit is noted, as every stranger. Throws `invalid_client`. */
  async authenticate(caller: Caller, action: RecoveryAction) {
    const { counters, refusals, states, store, now } = this.#parts
    let workspaceId: WorkspaceId | undefined
    try {
      if (caller.credential === undefined) throw noProof("no assertion of the workspace's root was sent")
      workspaceId = claimedWorkspace(caller.credential)
      const workspace = workspaceId && (await states.get(workspaceId))
      if (workspace === undefined) throw noProof("this server has no workspace that the recovery kit belongs to")
      const use = await verifyRootAssertion(caller.credential, workspace.row, now())
      // The transaction decides; this spares work for replays.
      if (await store.isRootAssertionUsed(workspace.row.id, use.jti))
        throw noProof("the root assertion was used before")
      return { workspace, assertion: { ...use, workspaceId: workspace.row.id, now: now() } }
    } catch (error) {
      if (error instanceof HalfkeyError) {
        counters.unauthenticated(error.code)
        if (workspaceId !== undefined) void refusals.note(caller, { workspaceId, action, code: error.code })
      }
      throw error
    }
  }

  async #attempt<T>(
    caller: Caller,
    action: RecoveryAction,
    workspace: WorkspaceState,
    assertion: RootAssertionInput,
    body: (attempt: Attempt) => Promise<T>,
  ): Promise<Answer<T>> {
    const { store, entries, counters } = this.#parts
    const details: EntryDetails = {}
    const { generation, id: workspaceId } = workspace.row
    const guardFor = (code?: string): Guard => ({
      generation,
      audit: entries.record(caller, { workspaceId, action, code, details }),
    })
    let allowed: Guard | undefined
    const guard = () => {
      allowed ??= guardFor()
      return allowed
    }
    try {
      const value = await body({ workspace, details, assertion, guard })
      if (allowed === undefined) throw new Error(`${action} was allowed without an audit entry`)
      counters.auditEntry("allowed")
      return { value, receipt: allowed.audit.leafHash }
    } catch (error) {
      // A replay proves nothing.
      if (error instanceof HalfkeyError && error.code === "invalid_client") {
        counters.unauthenticated(error.code)
        void this.#parts.refusals.note(caller, { workspaceId, action, code: error.code })
      } else if (error instanceof HalfkeyError && !["storage_full", "unavailable"].includes(error.code)) {
        // It counted, though nothing came of it.
        await store.useRootAssertion(guardFor(error.code), assertion)
        counters.auditEntry("denied")
      }
      throw error
    }
  }
}

function noProof(why: string): HalfkeyError {
  return new HalfkeyError("invalid_client", why, {
    hint: "check the endpoint, and the kit: halfkey kit verify",
  })
}
