/** What can be wrong with recovery grants, state, membership, the own key and the own grants when a key set is loaded (S4). */
import { sealSelfWrap } from "@halfkey/core/client/client-half"
import { type Grant, grantInfo, grantToJson, recoveryGrantToJson } from "@halfkey/core/formats/grant"
import { type ManifestFields, manifestFormat } from "@halfkey/core/formats/manifest"
import { type Change, fixed, fixedKeysetId, fixedRoot, turned } from "./fixed.ts"
import type { LoadCase } from "./load-keyset.ts"
import * as world from "./world.ts"

const { admin, ci, second, by, manifest1, manifest2, workspaceId, keysetId } = world
const at = (...path: (string | number)[]) => ({ to: (value: unknown): Change => ({ path, value }) })
const grants = (...all: Grant[]) => at("bundle", "grants").to(all.map(grantToJson))
const recovery = (...all: object[]) => at("bundle", "recoveryGrants").to(all)
const revision2 = (changes: Partial<ManifestFields>) =>
  at("bundle", "manifests", 1).to(
    manifestFormat.toJson(
      world.manifest(manifest1, by(second), { members: manifest2.members, epochs: manifest2.epochs, ...changes }),
    ),
  )

/** A self-wrap of epoch 3 of any half, for any place. */
function selfWrap(half: Uint8Array, epoch = 3, client = ci): Uint8Array {
  return sealSelfWrap({ workspaceId, keysetId, epoch }, half, client.identity, (length) => fixed("self-wrap", length))
}

export async function halfCases(): Promise<LoadCase[]> {
  const [one, three] = [await world.grant(ci, 1), await world.grant(ci, 3)]
  const [recovery1, recovery3] = [1, 3]
    .map((epoch) => world.recoveryGrants.get(epoch) as never)
    .map(recoveryGrantToJson) as [object, object]
  const other = await fixedRoot("other")
  const info = (workspace = workspaceId, keyset = keysetId, epoch = 3, to = ci.clientId) =>
    grantInfo(workspace, keyset, epoch, to)
  const grantCase = (name: string, check: string, third: Grant): LoadCase => ({
    name: `grant: ${name}`,
    check,
    changes: [grants(one, third)],
  })
  const sealedFor = async (name: string, sealInfo: Uint8Array) =>
    grantCase(name, "grant", await world.grant(ci, 3, { info: sealInfo }))
  const wrapped = (name: string, wrap: Uint8Array): LoadCase => ({
    name: `self-wrap: ${name}`,
    changes: [grants(one, { ...three, selfWrap: wrap })],
  })
  const notOurs = { ...world.member(ci, "read"), kemPk: admin.kemPk }
  return [
    { name: "recovery: none is served", check: "recovery", changes: [recovery()] },
    { name: "recovery: one epoch's is missing", check: "recovery", changes: [recovery(recovery1)] },
    {
      name: "recovery: another epoch's in its place",
      check: "recovery",
      changes: [recovery(recovery1, { ...recovery1, epoch: 3 })],
    },
    {
      name: "recovery: another key set's",
      check: "recovery",
      changes: [recovery(recovery1, { ...recovery3, keysetId: fixedKeysetId("staging") })],
    },
    { name: "recovery: not needed by who only reads", changes: [recovery(), at("requireRecovery").to(false)] },
    { name: "the key set is disabled", code: "keyset_disabled", changes: [revision2({ state: "disabled" })] },
    { name: "the key set is destroyed", code: "keyset_disabled", changes: [revision2({ state: "destroyed" })] },
    {
      name: "recovery: none is served of a destroyed key set, into which nobody seals",
      code: "keyset_disabled",
      changes: [recovery(), revision2({ state: "destroyed" })],
    },
    {
      name: "recovery: none is served of a disabled key set, which may be enabled",
      check: "recovery",
      changes: [recovery(), revision2({ state: "disabled" })],
    },
    { name: "not a member", code: "keyset_not_found", changes: [revision2({ members: [world.member(admin)] })] },
    { name: "the key of another client", check: "client", changes: [at("clientKey").to(admin.clientKey)] },
    {
      name: "the manifest lists another client's X-Wing key",
      check: "client",
      changes: [revision2({ members: [world.member(admin), notOurs] })],
    },
    { name: "grant: none is served", check: "grant", changes: [grants()] },
    { name: "grant: one epoch's is missing", check: "grant", changes: [grants(one)] },
    grantCase("another epoch's", "grant", { ...one, epoch: 3 }),
    grantCase("another client's", "grant", { ...(await world.grant(admin, 3)), clientId: ci.clientId }),
    grantCase("another key set's", "grant", { ...three, keysetId: fixedKeysetId("staging") }),
    grantCase("enc is changed", "grant", { ...three, enc: turned(three.enc, 0) }),
    grantCase("sealedHalf is changed", "grant", { ...three, sealedHalf: turned(three.sealedHalf, 47) }),
    await sealedFor("sealed for another workspace", info(other.workspaceId)),
    await sealedFor("sealed for another key set", info(workspaceId, fixedKeysetId("staging"))),
    await sealedFor("sealed for another epoch", info(workspaceId, keysetId, 1)),
    await sealedFor("sealed for another client", info(workspaceId, keysetId, 3, admin.clientId)),
    grantCase(
      "a half that the server chose",
      "commitment",
      await world.grant(ci, 3, { half: fixed("the server's half") }),
    ),
    grantCase("the half of another epoch", "commitment", await world.grant(ci, 3, { half: world.halfOf(1) })),
    wrapped("opens without X-Wing", selfWrap(world.halfOf(3))),
    wrapped("changed, so the grant is opened", turned(selfWrap(world.halfOf(3)), 20)),
    wrapped("of another half, so the grant is opened", selfWrap(fixed("another half"))),
    wrapped("of another epoch, so the grant is opened", selfWrap(world.halfOf(3), 1)),
    wrapped("of another client, so the grant is opened", selfWrap(world.halfOf(3), 3, admin)),
  ]
}
