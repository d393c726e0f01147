/** Granting environments to a client that exists, and taking them away. */
import { addMember, removeMember } from "@halfkey/core/client/membership"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { ClientId } from "@halfkey/core/formats/ids"
import { largeAnswerMaxBytes } from "../api-client.ts"
import type { CallScope } from "../call-scope.ts"
import type { Session } from "../session.ts"
import { readClient, type ServedClient } from "./answers.ts"
import { listKeysets } from "./environments.ts"
import { loadForSigning, putChange, signerOf, untilNoConflict } from "./keyset-changes.ts"
import { announceSealing } from "./sealing-plan.ts"
import type { EnvironmentGrant, GrantedClient, MemberMode, RevokedClient, SealingOptions } from "./types.ts"

export async function listClients(session: Session, scope: CallScope): Promise<ServedClient[]> {
  const answer = await session.api.call(scope, {
    method: "GET",
    path: "/v1/clients",
    repetition: "repeatable",
    // Each comes with its keys: two kilobytes.
    maxBytes: largeAnswerMaxBytes,
  })
  return answer.field("clients").list().map(readClient)
}

type GrantedEnvironment = GrantedClient["environments"][number]

/** One environment after the other: a failure names those that are done, and repeating the call goes on from there. */
export async function grantClient(
  session: Session,
  scope: CallScope,
  clientId: ClientId,
  environments: readonly EnvironmentGrant[],
  sealing: SealingOptions,
): Promise<GrantedClient> {
  const served = (await listClients(session, scope)).find((client) => client.clientId === clientId)
  if (served === undefined) throw clientNotFound(clientId)
  if (served.revokedAt !== null) {
    throw new HalfkeyError("client_revoked", `client ${clientId} is revoked`, {
      hint: "a revoked client stays revoked: create another one",
    })
  }
  const done: GrantedEnvironment[] = []
  for (const { mode = "read-write", name } of environments) {
    const grantIt = async () => await grantOne(session, scope, clientId, served, { mode, name }, sealing)
    try {
      done.push(await untilNoConflict(scope, grantIt))
    } catch (error) {
      throw withDone(
        error,
        done.map((environment) => environment.name),
      )
    }
  }
  return { clientId, environments: done }
}

/** The environment, and the revision at which the client is a member in this mode. */
async function grantOne(
  session: Session,
  scope: CallScope,
  clientId: ClientId,
  { kemPk, label, signPk }: ServedClient,
  { mode, name }: { readonly mode: MemberMode; readonly name: string },
  sealing: SealingOptions,
): Promise<GrantedEnvironment> {
  const keyset = await loadForSigning(session, scope, name, "seal")
  const present = keyset.manifest.members.find((member) => member.clientId === clientId)
  if (present?.mode === mode) return { name: keyset.name, mode, revision: keyset.manifest.revision }
  const member = { clientId, signPk, kemPk, mode, label }
  await announceSealing(keyset, member, sealing)
  const { grants, manifest } = await addMember(keyset, member, signerOf(session))
  // A member whose mode changes has its grants, and its self-wraps with them.
  await putChange(session, scope, manifest, present === undefined ? grants : [])
  return { name: keyset.name, mode, revision: manifest.revision }
}

/** The server stops the client first, which is instant; then no manifest may go on listing it. */
export async function revokeClient(session: Session, scope: CallScope, clientId: ClientId): Promise<RevokedClient> {
  await session.api.call(scope, { method: "DELETE", path: `/v1/clients/${clientId}`, repetition: "repeatable" })
  const environments: string[] = []
  const { notSigned, toSign } = await environmentsOf(session, scope, clientId)
  let failed: { readonly error: unknown } | undefined
  for (const { doubted, name, ref } of toSign) {
    try {
      const removed = await untilNoConflict(scope, async () => await removeFrom(session, scope, clientId, ref))
      if (removed) environments.push(name)
      notSigned.delete(name)
    } catch (error) {
      if (doubted && isOutOfReach(error)) notSigned.add(name)
      // What is wrong with one environment must not keep the client in the others.
      else failed ??= { error }
    }
  }
  if (failed !== undefined) throw withDone(failed.error, environments)
  return { environments, notSigned: [...notSigned] }
}

interface EnvironmentToSign {
  readonly ref: string
  readonly name: string
  /** The server says that there is nothing to do, though this client was a member. */
  readonly doubted: boolean
}

/**
 * Where the client may be a member. A server could hide an environment, so that its manifest goes on listing the client:
 * those that were seen before are looked at whatever the server lists.
 */
async function environmentsOf(
  session: Session,
  scope: CallScope,
  clientId: ClientId,
): Promise<{ readonly toSign: readonly EnvironmentToSign[]; readonly notSigned: Set<string> }> {
  const listed = (await listClients(session, scope)).find((client) => client.clientId === clientId)?.environments ?? []
  const toSign = new Map<string, EnvironmentToSign>()
  for (const [keysetId, { name }] of session.floors.documents().keysets) {
    toSign.set(keysetId, { ref: keysetId, name, doubted: true })
  }
  const notSigned = new Set<string>()
  for (const { keysetId, mode, name, state } of await listKeysets(session, scope)) {
    const seen = toSign.get(keysetId)
    if (mode !== null && state === "enabled") toSign.set(keysetId, { ref: name, name, ...seen, doubted: false })
    else if (listed.some((environment) => environment.keysetId === keysetId)) notSigned.add(name)
  }
  return { toSign: [...toSign.values()], notSigned }
}

function isOutOfReach(error: unknown): boolean {
  return error instanceof HalfkeyError && (error.code === "keyset_not_found" || error.code === "keyset_disabled")
}

/** Whether the client was a member. Every manifest that this client can verify is looked at, not those that the server names. */
async function removeFrom(
  session: Session,
  scope: CallScope,
  clientId: ClientId,
  environment: string,
): Promise<boolean> {
  const keyset = await loadForSigning(session, scope, environment, "remove")
  if (!keyset.manifest.members.some((member) => member.clientId === clientId)) return false
  const { grants, manifest } = removeMember(keyset, clientId, signerOf(session))
  await putChange(session, scope, manifest, grants)
  return true
}

/** The same failure, and which environments were changed nevertheless. */
function withDone(error: unknown, done: readonly string[]): unknown {
  if (!(error instanceof HalfkeyError) || done.length === 0) return error
  const { check, code, facts, hint, message } = error
  return new HalfkeyError(code, message, { check, hint, facts: { ...facts, done } })
}

function clientNotFound(clientId: ClientId): HalfkeyError {
  return new HalfkeyError("client_not_found", `there is no client ${clientId}`, {
    hint: "`halfkey clients list` shows all ids",
  })
}
