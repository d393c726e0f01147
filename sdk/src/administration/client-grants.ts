/** Granting environments to a client that exists, and taking them away. */
import { addMember, removeMember } from "@halfkey/core/client/membership"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { ClientId } from "@halfkey/core/formats/ids"
import { invalidResponse } from "../answer-reader.ts"
import { largeAnswerMaxBytes } from "../api-client.ts"
import type { CallScope } from "../call-scope.ts"
import type { Session } from "../session.ts"
import { readClient, type ServedClient } from "./answers.ts"
import { loadDocuments } from "./documents.ts"
import { loadForSigning, putChange, signerOf, untilNoConflict } from "./keyset-changes.ts"
import { listKeysets } from "./keyset-list.ts"
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

/** A client as the server has it, its keys not yet checked against the id. Throws `client_not_found`, `client_revoked`. */
export async function usableClient(session: Session, scope: CallScope, clientId: ClientId): Promise<ServedClient> {
  const served = (await listClients(session, scope)).find((client) => client.clientId === clientId)
  if (served === undefined) throw clientNotFound(clientId)
  if (served.revokedAt === null) return served
  throw new HalfkeyError("client_revoked", `client ${clientId} is revoked`, {
    hint: "a revoked client stays revoked: create another one",
  })
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
  const served = await usableClient(session, scope, clientId)
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
export async function revokeClient(
  session: Session,
  scope: CallScope,
  clientId: ClientId,
  kind: "clients" | "devices",
): Promise<RevokedClient & Stopped> {
  const stopped = await stopClient(session, scope, clientId, kind)
  const environments: string[] = []
  const notSigned: string[] = []
  let failed: { readonly error: unknown } | undefined
  for (const { doubted, keysetId, name } of await environmentsToSign(session, scope)) {
    try {
      const change = async () => await removeFrom(session, scope, clientId, name, keysetId)
      if (await untilNoConflict(scope, change)) environments.push(name)
    } catch (error) {
      if (doubted && isOutOfReach(error)) notSigned.push(name)
      // What is wrong with one environment must not keep the client in the others.
      else failed ??= { error }
    }
  }
  if (failed !== undefined) throw withDone(failed.error, environments)
  return { environments, notSigned, stopped }
}

export interface Stopped {
  /** `rejected`: a device that waited. It is looked for in the manifests all the same, since only the server says so. */
  readonly stopped: "revoked" | "rejected"
}

/** Instant, and before anything is signed. */
export async function stopClient(
  session: Session,
  scope: CallScope,
  clientId: ClientId,
  kind: "clients" | "devices",
): Promise<Stopped["stopped"]> {
  const path = `/v1/${kind}/${clientId}`
  const answer = await session.api.call(scope, { method: "DELETE", path, repetition: "repeatable" })
  if (kind === "clients") return "revoked"
  if (answer.field("clientId").uuid() !== clientId) throw invalidResponse("it confirms another device")
  return answer.field("status").oneOf("revoked", "rejected")
}

export interface EnvironmentToSign {
  readonly keysetId: string
  readonly name: string
  /** This machine saw it before, and the server does not list it. */
  readonly doubted: boolean
}

/**
 * Where a client may be a member. A server could hide an environment, so that its manifest goes on listing the client:
 * those that were seen before are looked at whatever the server lists, and whatever state it says they are in.
 */
export async function environmentsToSign(session: Session, scope: CallScope): Promise<readonly EnvironmentToSign[]> {
  const toSign = new Map<string, EnvironmentToSign>()
  for (const [keysetId, { name }] of session.floors.documents().keysets) {
    toSign.set(keysetId, { keysetId, name, doubted: true })
  }
  for (const { keysetId, name } of await listKeysets(session, scope)) {
    toSign.set(keysetId, { keysetId, name: toSign.get(keysetId)?.name ?? name, doubted: false })
  }
  return [...toSign.values()]
}

export function isOutOfReach(error: unknown): boolean {
  return error instanceof HalfkeyError && (error.code === "keyset_not_found" || error.code === "keyset_disabled")
}

/** Whether the client was a member. Needs no halves: who signs need not be a member, and the server names none to skip. */
export async function removeFrom(
  session: Session,
  scope: CallScope,
  clientId: ClientId,
  environment: string,
  keysetId: string,
): Promise<boolean> {
  const documents = await loadDocuments(session, scope, environment, keysetId)
  // A destroyed one too: it may be undone, and would go on with this member.
  if (!documents.manifest.members.some((member) => member.clientId === clientId)) return false
  const { grants, manifest } = removeMember(documents, clientId, signerOf(session))
  await putChange(session, scope, manifest, grants)
  return true
}

/** The same failure, and which environments were changed nevertheless. */
export function withDone(error: unknown, done: readonly string[]): unknown {
  if (!(error instanceof HalfkeyError) || done.length === 0) return error
  const { check, code, facts, hint, message } = error
  return new HalfkeyError(code, message, { check, hint, facts: { ...facts, done } })
}

function clientNotFound(clientId: ClientId): HalfkeyError {
  return new HalfkeyError("client_not_found", `there is no client ${clientId}`, {
    hint: "`halfkey clients list` shows all ids",
  })
}
