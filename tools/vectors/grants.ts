/** Vectors of grants, self-wraps and commitments (S4). Sealed by the independent implementation, with fixed randomness. */
import { sealSelfWrap } from "@halfkey/core/client/client-half"
import { grantInfo, recoveryHash, selfWrapAad } from "@halfkey/core/formats/grant"
import { uuidBytes } from "@halfkey/core/formats/ids"
import { clientHalfCommitment } from "@halfkey/core/formats/manifest"
import { grantRefusals } from "./documents.ts"
import { fixed, fixedKeysetId, fixedRoot, hex } from "./fixed.ts"
import * as world from "./world.ts"

const { workspaceId, keysetId, ci, root } = world
const epoch = 3
const half = world.halfOf(epoch)

const otherPlaces = async () => ({
  workspaceId: (await fixedRoot("other")).workspaceId,
  keysetId: fixedKeysetId("staging"),
  epoch: epoch + 1,
})

export async function grantVectors() {
  const { enc, sealedHalf } = await world.grant(ci, epoch)
  const recovery = world.recoveryGrants.get(epoch) as NonNullable<ReturnType<typeof world.recoveryGrants.get>>
  const place = { workspaceId, keysetId, epoch }
  const others = await otherPlaces()
  const selfWrap = sealSelfWrap(place, half, ci.identity, (length) => fixed("self-wrap nonce", length))
  const refusedPlaces = Object.entries(others).map(([name, value]) => ({ change: { [name]: value } }))
  const turnedAt = (offsets: readonly number[]) => offsets.map((at) => ({ at, xor: 1 }))
  return {
    description:
      "Client halves (S4): commitment, HPKE info and sealed forms, self-wrap. Each refusal turns bits of one byte, or opens for another place or client.",
    place: { ...place, clientId: ci.clientId },
    clientKey: ci.clientKey,
    recoveryKit: root.recoveryKit(),
    half: hex(half),
    commitment: hex(clientHalfCommitment(workspaceId, uuidBytes(keysetId), epoch, half)),
    grant: {
      info: hex(grantInfo(workspaceId, keysetId, epoch, ci.clientId)),
      enc: hex(enc),
      sealedHalf: hex(sealedHalf),
      refused: {
        // The last byte of the X25519 part has a bit that X25519 ignores; the hash of `enc` does not.
        enc: turnedAt([0, 500, 1087, 1088, 1118]).concat({ at: 1119, xor: 0x80 }),
        sealedHalf: turnedAt([0, 31, 32, 47]),
        places: [...refusedPlaces, { change: { clientId: world.admin.clientId } }],
        clientKeys: [world.admin.clientKey],
      },
    },
    recoveryGrant: {
      info: hex(grantInfo(workspaceId, keysetId, epoch, "root")),
      enc: hex(recovery.enc),
      sealedHalf: hex(recovery.sealedHalf),
      recoveryHash: hex(recoveryHash(recovery)),
    },
    selfWrap: {
      nonce: hex(selfWrap.subarray(0, 12)),
      aad: hex(selfWrapAad(workspaceId, keysetId, epoch, ci.clientId)),
      selfWrap: hex(selfWrap),
      refused: {
        selfWrap: turnedAt([0, 11, 12, 43, 44, 59]),
        places: [...refusedPlaces, { change: { clientId: world.admin.clientId } }],
        clientKeys: [world.admin.clientKey],
      },
    },
    json: await grantRefusals(),
  }
}
