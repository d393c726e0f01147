import assert from "node:assert/strict"
import { test } from "node:test"
import { ClientIdentity } from "@halfkey/core/client/client-identity"
import { type KeysetBundle, type KeysetFloors, loadKeyset } from "@halfkey/core/client/load-keyset"
import { parseGrant, parseRecoveryGrant } from "@halfkey/core/formats/grant"
import type { ClientId, KeysetId, WorkspaceId } from "@halfkey/core/formats/ids"
import { manifestFormat } from "@halfkey/core/formats/manifest"
import { rosterFormat } from "@halfkey/core/formats/roster"
import * as spec from "./independent.ts"
import { type Change, changed, type Json, vectors } from "./vector-file.ts"

interface Input {
  workspaceId: WorkspaceId
  clientId: ClientId
  clientKey: string
  expected: { name: string; keysetId: KeysetId }
  floors: {
    roster?: { seq: number; hash: string }
    keyset?: { incarnation: number; revision: number; hash: string; version?: number }
    minimumRevision?: number
  }
  requireRecovery: boolean
  bundle: {
    root: { signPk: string; kemPk: string }
    rosters: Json[]
    manifests: Json[]
    grants: Json[]
    recoveryGrants: Json[]
  }
}

const file = vectors<{
  input: Input
  loaded: {
    revision: number
    mode: string
    sealingEpoch: number
    halves: Record<string, string>
    manifestHash: string
    rosterHash: string
  }
  cases: { name: string; changes: Change[]; check?: string; code?: string }[]
}>("load-keyset.json")

function floorsOf({ roster, keyset, minimumRevision }: Input["floors"]): KeysetFloors {
  return {
    roster: roster && { ...roster, hash: spec.unhex(roster.hash) },
    keyset: keyset && { ...keyset, hash: spec.unhex(keyset.hash) },
    minimumRevision,
  }
}

function load(input: Input) {
  const { root, rosters, manifests, grants, recoveryGrants } = input.bundle
  const bundle: KeysetBundle = {
    root: { signPk: spec.unhex(root.signPk), kemPk: spec.unhex(root.kemPk) },
    rosters: rosters.map(rosterFormat.parse),
    manifests: manifests.map(manifestFormat.parse),
    grants: grants.map(parseGrant),
    recoveryGrants: recoveryGrants.map(parseRecoveryGrant),
  }
  const { workspaceId, clientId, clientKey, expected, floors, requireRecovery } = input
  const identity = ClientIdentity.fromConfiguration(workspaceId, clientId, clientKey)
  return loadKeyset({ identity, bundle, expected, floors: floorsOf(floors), requireRecovery })
}

test("the good answer loads, with the halves of the vectors", async () => {
  const keyset = await load(file.input)
  const { revision, mode, sealingEpoch, halves, manifestHash, rosterHash } = file.loaded
  assert.deepEqual([keyset.manifest.revision, keyset.mode, keyset.sealingEpoch], [revision, mode, sealingEpoch])
  assert.deepEqual([spec.hex(keyset.manifestHash), spec.hex(keyset.rosterHash)], [manifestHash, rosterHash])
  for (const [epoch, half] of Object.entries(halves)) assert.equal(spec.hex(keyset.clientHalf(Number(epoch))), half)
  assert.throws(() => keyset.clientHalf(2), { code: "record_verification_failed", check: "epoch" })
  assert.deepEqual(keyset.epochsWithoutSelfWrap, [1, 3])
})

for (const { name, changes, check, code } of file.cases) {
  const refusal = check ?? code
  test(`${refusal === undefined ? "loads" : `refused by ${refusal}`}: ${name}`, async () => {
    const loading = load(changed(file.input, changes))
    if (refusal === undefined) return void (await loading)
    await assert.rejects(loading, check === undefined ? { code } : { code: "keyset_verification_failed", check })
  })
}

test("every check of the specification's table is refused by some vector", () => {
  const checks = ["root", "roster", "manifest", "signer", "signature", "name", "key set", "freshness"]
  const named = new Set(file.cases.map(({ check }) => check))
  for (const check of [...checks, "recovery", "client", "grant", "commitment"]) assert.ok(named.has(check), check)
})

test("no key set is loaded without saying which one", async () => {
  await assert.rejects(load({ ...file.input, expected: {} as never }), TypeError)
})
