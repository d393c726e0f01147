/** Vectors of "Loading a key set" (S4): one good answer of a server, and for every check what must fail at it. */
import { grantToJson, recoveryGrantToJson } from "@halfkey/core/formats/grant"
import { manifestFormat } from "@halfkey/core/formats/manifest"
import { rosterFormat } from "@halfkey/core/formats/roster"
import { type Change, hex } from "./fixed.ts"
import { documentCases } from "./load-documents.ts"
import { halfCases } from "./load-halves.ts"
import * as world from "./world.ts"

/** A case: changes of the good input, and the check that refuses it; `code` where no lie is proved; neither: accepted. */
export interface LoadCase {
  readonly name: string
  readonly changes: readonly Change[]
  readonly check?: string
  readonly code?: string
}

export async function loadKeysetVectors() {
  const [rosters, manifests] = [
    [world.roster1, world.roster2],
    [world.manifest1, world.manifest2],
  ]
  const input = {
    workspaceId: world.workspaceId,
    clientId: world.ci.clientId,
    clientKey: world.ci.clientKey,
    expected: { name: "production", keysetId: world.keysetId },
    floors: {
      roster: { seq: 1, hash: hex(rosterFormat.hash(world.roster1)) },
      keyset: { incarnation: 1, revision: 1, hash: hex(manifestFormat.hash(world.manifest1)) },
      minimumRevision: 2,
    },
    requireRecovery: true,
    bundle: {
      root: { signPk: hex(world.root.publicKeys.signPk), kemPk: hex(world.root.publicKeys.kemPk) },
      rosters: rosters.map((roster) => rosterFormat.toJson(roster)),
      manifests: manifests.map((manifest) => manifestFormat.toJson(manifest)),
      grants: [await world.grant(world.ci, 1), await world.grant(world.ci, 3)].map(grantToJson),
      recoveryGrants: [1, 3].map((epoch) => recoveryGrantToJson(world.recoveryGrants.get(epoch) as never)),
    },
  }
  const cases: LoadCase[] = [...documentCases(), ...(await halfCases())]
  return {
    description:
      "Loading a key set (S4). `input` loads and gives `loaded`; each case changes it. `check` or `code` says what refuses the case; without one it loads.",
    input,
    loaded: {
      revision: 2,
      mode: "read",
      sealingEpoch: 3,
      halves: { 1: hex(world.halfOf(1)), 3: hex(world.halfOf(3)) },
      manifestHash: hex(manifestFormat.hash(world.manifest2)),
      rosterHash: hex(rosterFormat.hash(world.roster2)),
    },
    cases,
  }
}
