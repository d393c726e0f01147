/** Changing who is a member: load and verify the newest manifest, sign its successor, send it, start over when others were first. */

import { sealSelfWrap } from "@halfkey/core/client/client-half"
import type { ClientIdentity } from "@halfkey/core/client/client-identity"
import type { Signer } from "@halfkey/core/client/membership"
import type { VerifiedKeyset } from "@halfkey/core/client/verified-keyset"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { type Grant, grantToJson, type RecoveryGrant, recoveryGrantToJson } from "@halfkey/core/formats/grant"
import type { KeysetId, WorkspaceId } from "@halfkey/core/formats/ids"
import { type Manifest, manifestFormat } from "@halfkey/core/formats/manifest"
import type { RandomSource } from "@halfkey/core/primitives/random"
import type { KeysetChange } from "@halfkey/core/wire/keysets"
import type { CallScope } from "../call-scope.ts"
import { fetchKeyset } from "../keyset-fetch.ts"
import { jitter } from "../retry.ts"
import type { Session } from "../session.ts"

/** Most times that a change starts over because somebody else changed the manifest first. */
const attemptsMax = 5
const conflictDelayMs = 100

/**
 * The newest manifest of an environment, verified and with its halves. Whoever is about to seal halves also has the
 * recovery grants checked (S4); who only removes a member must not be stopped by a missing one.
 */
export async function loadForSigning(
  session: Session,
  scope: CallScope,
  environment: string,
  intent: "seal" | "remove",
): Promise<VerifiedKeyset> {
  const { keysets } = session.client
  const question = keysets.ask(environment, [], true)
  return await keysets.load(question, await fetchKeyset(session, scope, question, true), intent === "seal")
}

/** The configured client as a signer, now. */
export function signerOf(session: Session): Signer {
  const { clientId, signingKey } = session.client.identity
  return { signerId: clientId, signingKey, now: session.now() }
}

/** Repeats a change from its beginning while others change the same document first. */
export async function untilNoConflict<T>(scope: CallScope, change: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await change()
    } catch (error) {
      const lost = error instanceof HalfkeyError && error.code === "revision_conflict"
      if (!lost || attempt >= attemptsMax) throw error
      await scope.wait(jitter(conflictDelayMs * attempt))
    }
  }
}

/** Stores the successor of a manifest. Sending it twice is safe: the second is a conflict, and shows that it is there. */
export async function putChange(
  session: Session,
  scope: CallScope,
  manifest: Manifest,
  grants: readonly Grant[],
  recoveryGrants: readonly RecoveryGrant[] = [],
): Promise<void> {
  await session.api.call(scope, {
    method: "PUT",
    path: `/v1/keysets/${manifest.keysetId}`,
    body: changeToJson({ manifest, grants, recoveryGrants }),
    repetition: "repeatable",
  })
  rememberOwn(session, manifest)
}

/** What this machine signed and the server took is the newest it has seen. */
export function rememberOwn(session: Session, manifest: Manifest): void {
  session.floors.seeManifest(manifest, manifestFormat.hash(manifest))
}

/** A manifest with what must be stored beside it. */
export interface SignedChange {
  readonly manifest: Manifest
  readonly grants: readonly Grant[]
  readonly recoveryGrants?: readonly RecoveryGrant[]
}

export function changeToJson(change: SignedChange): KeysetChange {
  return {
    manifest: manifestFormat.toJson(change.manifest),
    grants: change.grants.map(grantToJson),
    ...(change.recoveryGrants && { recoveryGrants: change.recoveryGrants.map(recoveryGrantToJson) }),
  }
}

/** Grants to a client whose key is on this machine get their self-wraps at once: its first start is quick too. */
export function withSelfWraps(
  workspaceId: WorkspaceId,
  keysetId: KeysetId,
  grants: readonly Grant[],
  identity: ClientIdentity,
  clientHalf: (epoch: number) => Uint8Array,
  random: RandomSource,
): Grant[] {
  return grants.map((grant) => {
    if (grant.clientId !== identity.clientId) return grant
    const place = { workspaceId, keysetId, epoch: grant.epoch }
    return { ...grant, selfWrap: sealSelfWrap(place, clientHalf(grant.epoch), identity, random) }
  })
}
