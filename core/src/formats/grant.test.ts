// Vectors and refusals are in spec/vectors/grant.json; here is what holds for all grants.
import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { toHex } from "../primitives/bytes.ts"
import { bytes, property } from "../testing/property.ts"
import {
  type Grant,
  grantInfo,
  grantToJson,
  parseGrant,
  parseRecoveryGrant,
  recoveryGrantToJson,
  recoveryHash,
  selfWrapAad,
} from "./grant.ts"
import type { ClientId, KeysetId, WorkspaceId } from "./ids.ts"

const keysetId = "11111111-2222-4333-8444-555555555555" as KeysetId
const clientId = "aaaaaaaa-bbbb-8ccc-8ddd-eeeeeeeeeeee" as ClientId
const workspaceId = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" as WorkspaceId

const sealed = fc.record({ epoch: fc.integer({ min: 1, max: 0xffff_ffff }), enc: bytes(1120), sealedHalf: bytes(48) })

property(
  "grants and recovery grants are read back from their JSON",
  fc.tuple(sealed, fc.option(bytes(60))),
  ([each, selfWrap]) => {
    const grant: Grant = { keysetId, clientId, ...each, selfWrap: selfWrap ?? undefined }
    assert.deepEqual(parseGrant(JSON.parse(JSON.stringify(grantToJson(grant)))), grant)
    const recovery = { keysetId, ...each }
    assert.deepEqual(parseRecoveryGrant(JSON.parse(JSON.stringify(recoveryGrantToJson(recovery)))), recovery)
  },
  50,
)

test("no two places share an info or an aad, and the root is no client", () => {
  type Place = Parameters<typeof selfWrapAad>
  const places: Place[] = [
    [workspaceId, keysetId, 1, clientId],
    ["B".repeat(26) as WorkspaceId, keysetId, 1, clientId],
    [workspaceId, "11111111-2222-4333-8444-555555555556" as KeysetId, 1, clientId],
    [workspaceId, keysetId, 2, clientId],
    [workspaceId, keysetId, 1, "aaaaaaaa-bbbb-8ccc-8ddd-eeeeeeeeeeef" as ClientId],
  ]
  const all = places.flatMap((place) => [toHex(grantInfo(...place)), toHex(selfWrapAad(...place))])
  all.push(toHex(grantInfo(workspaceId, keysetId, 1, "root")))
  assert.equal(new Set(all).size, 11)
})

property(
  "a recovery hash covers every byte of both parts",
  fc.tuple(sealed, fc.nat()),
  ([{ enc, sealedHalf }, at]) => {
    const before = toHex(recoveryHash({ enc, sealedHalf }))
    const changed = (original: Uint8Array) =>
      original.map((byte, index) => (index === at % original.length ? byte ^ 1 : byte))
    assert.notEqual(toHex(recoveryHash({ enc: changed(enc), sealedHalf })), before)
    assert.notEqual(toHex(recoveryHash({ enc, sealedHalf: changed(sealedHalf) })), before)
  },
  50,
)
