/** Documents of key sets, verified without their halves (S4): for whoever only signs, or only looks. */
import { type ExpectedKeyset, verifyDocuments } from "@halfkey/core/client/load-keyset"
import type { VerifiedDocuments } from "@halfkey/core/client/verified-documents"
import { isKeysetId, type KeysetId } from "@halfkey/core/formats/ids"
import type { Manifest } from "@halfkey/core/formats/manifest"
import { largeAnswerMaxBytes } from "../api-client.ts"
import type { CallScope } from "../call-scope.ts"
import { readBundle } from "../keyset-bundle.ts"
import { documentFloors } from "../keysets.ts"
import { pinnedRevision } from "../pins.ts"
import type { Session } from "../session.ts"
import { listKeysets } from "./keyset-list.ts"

/**
 * The newest roster and manifest of an environment, by name or id, whether or not this client is a member. With
 * `listed`, what the server calls by that name must be the key set that it listed. Throws `keyset_verification_failed`.
 */
export async function loadDocuments(
  session: Session,
  scope: CallScope,
  environment: string,
  listed?: string,
): Promise<VerifiedDocuments> {
  const { floors } = session
  const known = isKeysetId(environment) ? environment : (floors.keysetIdOf(environment) as KeysetId | undefined)
  const expected = isKeysetId(environment)
    ? { keysetId: environment }
    : { name: environment, keysetId: known ?? (listed as KeysetId | undefined) }
  const sinceRevision = known && floors.documents().keysets.get(known)?.revision
  return (await loadSince(session, scope, environment, expected, sinceRevision)).verified
}

/**
 * The manifests of a key set from a revision on, which must not be above the one seen last: each is linked by hash to the
 * newest, which passed every check.
 */
export async function loadManifests(
  session: Session,
  scope: CallScope,
  keysetId: KeysetId,
  sinceRevision: number,
): Promise<readonly Manifest[]> {
  return (await loadSince(session, scope, keysetId, { keysetId }, sinceRevision)).manifests
}

async function loadSince(
  session: Session,
  scope: CallScope,
  environment: string,
  expected: ExpectedKeyset,
  sinceRevision: number | undefined,
): Promise<{ readonly verified: VerifiedDocuments; readonly manifests: readonly Manifest[] }> {
  const { floors, pins } = session
  const documents = floors.documents()
  const answer = await session.api.call(scope, {
    method: "GET",
    path: `/v1/keysets/${encodeURIComponent(environment)}`,
    query: { recovery: true, sinceRevision },
    repetition: "repeatable",
    maxBytes: largeAnswerMaxBytes,
  })
  const bundle = readBundle(answer)
  const verified = verifyDocuments({
    workspaceId: session.configuration.crn.workspaceId,
    bundle,
    expected,
    floors: documentFloors(documents, bundle.manifests.at(-1), floors, {
      minimumRevision: pinnedRevision(pins, bundle.manifests.at(-1)),
    }),
  })
  floors.seeRoster(verified.roster, verified.rosterHash, bundle.rosters)
  floors.seeManifest(verified.manifest, verified.manifestHash)
  return { verified, manifests: bundle.manifests }
}

/** Those of every key set that the server lists for this caller, in its order. It can leave some out, but change none. */
export async function loadAllDocuments(session: Session, scope: CallScope): Promise<VerifiedDocuments[]> {
  const all: VerifiedDocuments[] = []
  for (const { keysetId, name } of await listKeysets(session, scope)) {
    all.push(await loadDocuments(session, scope, name, keysetId))
  }
  return all
}
