import assert from "node:assert/strict"
import { test } from "node:test"
import { TestWorkspace } from "../testing/workspace.ts"
import { sealGrant, sealSelfWrap } from "./client-half.ts"
import { checkRecoveryGrants, openHalves } from "./open-halves.ts"

const workspace = await TestWorkspace.create()
const { admin, random } = workspace
const { manifest, grants, recoveryGrants, clientHalf } = await workspace.keyset()
const [grant] = grants as [(typeof grants)[number]]
const place = { workspaceId: manifest.workspaceId, keysetId: manifest.keysetId, epoch: 1 }
const failed = (check: string) => ({ code: "keyset_verification_failed", check })

test("a half comes from the self-wrap when that is good, else from the grant", async () => {
  const selfWrap = sealSelfWrap(place, clientHalf, admin.identity, random)
  const cases = [
    [{ ...grant, selfWrap }, []],
    // A grant that does not open shows that the self-wrap was enough.
    [{ ...grant, enc: new Uint8Array(1120), selfWrap }, []],
    [grant, [1]],
    [{ ...grant, selfWrap: new Uint8Array(60) }, [1]],
    [{ ...grant, selfWrap: sealSelfWrap(place, random(32), admin.identity, random) }, [1]],
  ] as const
  for (const [given, without] of cases) {
    const { clientHalves, epochsWithoutSelfWrap } = await openHalves(admin.identity, manifest, [given])
    assert.deepEqual(clientHalves.get(1)?.expose(), clientHalf)
    assert.deepEqual(epochsWithoutSelfWrap, without)
  }
})

test("a half that is not the committed one is refused, however well it is sealed", async () => {
  const replaced = await sealGrant(place, admin, random(32))
  await assert.rejects(openHalves(admin.identity, manifest, [replaced]), failed("commitment"))
  await assert.rejects(openHalves(admin.identity, manifest, []), failed("grant"))
  await assert.rejects(
    openHalves(admin.identity, manifest, [{ ...grant, sealedHalf: new Uint8Array(48) }]),
    failed("grant"),
  )
})

test("every live epoch must be recoverable, by the grant that was published", () => {
  checkRecoveryGrants(manifest, recoveryGrants)
  const [recovery] = recoveryGrants as [(typeof recoveryGrants)[number]]
  for (const given of [[], [{ ...recovery, epoch: 2 }], [{ ...recovery, enc: new Uint8Array(1120) }]]) {
    assert.throws(() => checkRecoveryGrants(manifest, given), failed("recovery"))
  }
})
