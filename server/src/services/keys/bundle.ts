/** Key set documents as clients get them (S4): everything needed to verify, and the caller's own grants. */
import { grantToJson, recoveryGrantToJson } from "@halfkey/core/formats/grant"
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import type { KeysetBundle, KnownKeyset } from "@halfkey/core/wire/keysets"
import type { GrantRow } from "../../domain/rows.ts"
import type { Store } from "../../domain/store.ts"
import type { Access } from "../auth/access.ts"
import type { KeysetState, WorkspaceState } from "../auth/workspace-state.ts"

export interface BundleOptions {
  readonly sinceRevision?: number | undefined
  readonly recovery?: boolean | undefined
}

/** Only the newest manifest, unless a revision to start from is named. */
export async function keysetBundle(
  access: Access,
  store: Store,
  { row: keyset }: KeysetState,
  { sinceRevision, recovery }: BundleOptions,
): Promise<KeysetBundle> {
  // Not above the newest: there is always one manifest, which the client can compare with what it knows.
  const since = sinceRevision && Math.min(sinceRevision, keyset.revision)
  const manifests = await store.manifests(keyset.id, since)
  const grants = access.client ? await store.grants(keyset.id, access.client.id) : []
  return {
    ...(await rosterChain(access.workspace)),
    manifests: manifests.map(({ json }) => JSON.parse(json)),
    grants: grants.map(grantRowToJson),
    ...(recovery && { recoveryGrants: (await store.recoveryGrants(keyset.id)).map(recoveryGrantToJson) }),
  }
}

/** The bundle, unless the caller holds the newest documents already. */
export async function bundleUnlessKnown(
  access: Access,
  store: Store,
  keyset: KeysetState,
  known: KnownKeyset | undefined,
): Promise<KeysetBundle | undefined> {
  const heads = await keyset.heads()
  if (known?.rosterHash === heads.rosterHash && known.manifestHash === heads.manifestHash) return undefined
  return keysetBundle(access, store, keyset, { sinceRevision: known?.sinceRevision })
}

export async function rosterChain(workspace: WorkspaceState) {
  const { rootSignPk, rootKemPk } = workspace.row
  return {
    root: { signPk: toBase64Url(rootSignPk), kemPk: toBase64Url(rootKemPk) },
    rosters: (await workspace.rosters()).map(({ json }) => JSON.parse(json) as Record<string, unknown>),
  }
}

function grantRowToJson({ keysetId, epoch, clientId, enc, sealedHalf, selfWrap }: GrantRow) {
  return grantToJson({ keysetId, epoch, clientId, enc, sealedHalf, selfWrap: selfWrap ?? undefined })
}
