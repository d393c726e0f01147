/** Revoking a client and rotating what it could open: the removal and the new epoch are one signature (S5). */
import type { ClientId } from "@halfkey/core/formats/ids"
import type { CallScope } from "../call-scope.ts"
import type { CallOptions } from "../options.ts"
import type { Session } from "../session.ts"
import {
  type EnvironmentToSign,
  environmentsToSign,
  isOutOfReach,
  removeFrom,
  type Stopped,
  stopClient,
  withDone,
} from "./client-grants.ts"
import { loadDocuments } from "./documents.ts"
import { untilNoConflict } from "./keyset-changes.ts"
import { rotateEnvironment } from "./rotation.ts"
import type { RotationOptions } from "./rotation-types.ts"
import type { RevokedClient } from "./types.ts"

/**
 * The server stops the client first, which is instant. Then each environment that lists it, and each whose rotation is
 * unfinished, is rotated to its end; where this client may not read and write, the revoked one is only removed.
 */
export async function revokeAndRotate(
  session: Session,
  clientId: ClientId,
  options: CallOptions & RotationOptions,
  kind: "clients" | "devices",
): Promise<RevokedClient & Stopped> {
  const stop = async (scope: CallScope) => await stopClient(session, scope, clientId, kind)
  const stopped = await session.run(options, stop)
  const found = await session.run(options, async (scope) => await environmentsToSign(session, scope))
  const done: Done = { environments: [], notSigned: [], rotated: [], notRotated: [] }
  let failed: { readonly error: unknown } | undefined
  for (const environment of found) {
    try {
      await revokeIn(session, clientId, options, environment, done)
    } catch (error) {
      if (environment.doubted && isOutOfReach(error)) done.notSigned.push(environment.name)
      // What is wrong with one environment must not keep the client in the others.
      else failed ??= { error }
    }
  }
  if (failed !== undefined) throw withDone(failed.error, done.environments)
  return { ...done, stopped }
}

type Done = Required<RevokedClient>

async function revokeIn(
  session: Session,
  clientId: ClientId,
  options: CallOptions & RotationOptions,
  { keysetId, name }: EnvironmentToSign,
  done: Done,
): Promise<void> {
  const documents = await session.run(options, async (scope) => await loadDocuments(session, scope, name, keysetId))
  const { epochs, members, state } = documents.manifest
  const isMember = members.some((member) => member.clientId === clientId)
  // Of a rotation that was interrupted the manifest shows only that it is unfinished.
  if (!isMember && (epochs.length === 1 || state === "destroyed")) return
  const own = members.find((member) => member.clientId === session.client.identity.clientId)
  if (own?.mode === "read-write" && state === "enabled") {
    await rotateEnvironment(session, options, name, [clientId])
    done.rotated.push(name)
  } else if (isMember) {
    await session.run(options, async (scope) => {
      return await untilNoConflict(scope, async () => await removeFrom(session, scope, clientId, name, keysetId))
    })
    // In a destroyed one nothing is read or written that new keys would protect.
    if (state !== "destroyed") done.notRotated.push(name)
  }
  if (isMember) done.environments.push(name)
}
