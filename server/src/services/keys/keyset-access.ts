/** Which key sets a caller sees, and which it may use (S6). Unknown and ungranted ones look alike. */
import { isKeysetName } from "@halfkey/core/formats/environment-name"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { isKeysetId, type KeysetId } from "@halfkey/core/formats/ids"
import type { MemberMode } from "@halfkey/core/formats/manifest"
import type { KeysetRow } from "../../domain/rows.ts"
import type { Store } from "../../domain/store.ts"
import type { Access } from "../auth/access.ts"
import type { KeysetState } from "../auth/workspace-state.ts"
import { keysetDisabled } from "./keyset-states.ts"

/** What a member's mode must allow. Names and dates are for members of every mode. */
export type Need = "read" | "write" | "read-write" | "any"

/** Most names that a refusal offers. */
const namesOffered = 50

/**
 * `control` and `admin` keys administer every key set that they are for, others see those that their client is a member
 * of. What neither key nor grant leads to looks as if it did not exist.
 */
function administers(access: Access, id: KeysetId): boolean {
  const { role, keysetIds } = access.apiKey
  return role !== "member" && (keysetIds === null || keysetIds.includes(id))
}

/** A key set whose documents the caller may see. Throws `keyset_not_found`, `api_key_restricted`. */
export async function visibleKeyset(
  access: Access,
  store: Store,
  ref: string,
): Promise<{ readonly keyset: KeysetState; readonly mode: MemberMode | undefined }> {
  noteReference(access, ref)
  const keyset = await access.workspace.keyset(ref)
  const mode = keyset && (await modeOf(access, keyset))
  if (keyset === undefined || (mode === undefined && !administers(access, keyset.row.id))) {
    throw await environmentNotFound(access, store, ref)
  }
  noteKeyset(access, keyset.row)
  requireEnvironment(access, keyset.row)
  return { keyset, mode }
}

/**
 * A key set whose seeds and records the caller may have. Throws `keyset_not_found`, `api_key_restricted`,
 * `keyset_disabled`, `mode_not_allowed`.
 */
export async function usableKeyset(access: Access, store: Store, ref: string, need: Need): Promise<KeysetState> {
  const keyset = await access.workspace.keyset(ref)
  const mode = keyset && (await modeOf(access, keyset))
  if (keyset === undefined || mode === undefined) {
    noteReference(access, ref)
    const isSeen = keyset !== undefined && administers(access, keyset.row.id)
    if (isSeen && keyset.row.state !== "destroyed") throw noMember(access, keyset.row)
    throw await environmentNotFound(access, store, ref)
  }
  const { row } = keyset
  noteKeyset(access, row)
  requireEnvironment(access, row)
  if (row.state !== "enabled") throw keysetDisabled(row)
  if (need !== "any" && mode !== "read-write" && mode !== need) {
    throw new HalfkeyError("mode_not_allowed", `this client's mode in ${row.name} is ${mode}`, {
      hint: "ask an admin to grant it another mode",
    })
  }
  return keyset
}

async function modeOf(access: Access, keyset: KeysetState): Promise<MemberMode | undefined> {
  return access.client && keyset.mode(access.client.id)
}

/** The API key's own limit (S6). Members learn that it is the key, not the grant. */
function requireEnvironment(access: Access, keyset: KeysetRow): void {
  const { keysetIds, id } = access.apiKey
  if (keysetIds === null || keysetIds.includes(keyset.id)) return
  throw new HalfkeyError("api_key_restricted", `the API key ${id} is not for ${keyset.name}`, {
    hint: "use a key that allows this environment",
  })
}

/** What was asked for goes into the audit entry only when it could be a name: anything else might be a value. */
function noteReference(access: Access, ref: string): void {
  if (isKeysetName(ref)) access.details.environment = ref
  if (isKeysetId(ref)) access.details.keysetId = ref
}

function noteKeyset(access: Access, keyset: KeysetRow): void {
  access.details.environment = keyset.name
  access.details.keysetId = keyset.id
}

/** For who sees the environment all the same: it is there, and `available` would name it. */
function noMember({ client }: Access, { memberCount, name }: KeysetRow): HalfkeyError {
  if (memberCount > 0) {
    return new HalfkeyError("keyset_not_found", `this client is no member of ${name}`, {
      hint: `ask a granter who is one: halfkey grants add ${client?.id ?? "ID"} -e ${name}`,
    })
  }
  return new HalfkeyError(
    "keyset_not_found",
    `the environment ${name} has no members: only the recovery kit opens it`,
    {
      hint: `halfkey recover --help (it puts every client out), or give it up: halfkey environments destroy ${name}`,
    },
  )
}

/** Names the environment and those that the caller sees, for a suggestion. */
export async function environmentNotFound(access: Access, store: Store, ref: string): Promise<HalfkeyError> {
  const available = (await visibleKeysets(access, store)).slice(0, namesOffered).map(({ keyset }) => keyset.name)
  const shown = isKeysetName(ref) || isKeysetId(ref) ? ` ${ref}` : ""
  return new HalfkeyError("keyset_not_found", `there is no environment${shown}, or no grant for it`, {
    hint:
      available.length > 0
        ? `available: ${available.join(", ")}`
        : "ask an admin to run: halfkey clients grant <client id> -e <environment>",
    facts: { available },
  })
}

/** Every key set that the caller sees, with its own mode, in order of name. */
export async function visibleKeysets(access: Access, store: Store) {
  const workspaceId = access.workspace.row.id
  const own = access.client ? await store.memberships(workspaceId, access.client.id) : []
  const modes = new Map(own.map(({ keysetId, mode }) => [keysetId, mode]))
  const allowed = access.apiKey.keysetIds
  return (await store.keysets(workspaceId))
    .filter(({ id }) => (modes.has(id) && (allowed?.includes(id) ?? true)) || administers(access, id))
    .map((keyset) => ({ keyset, mode: modes.get(keyset.id) }))
}
