import { manifestFormat } from "@halfkey/core/formats/manifest"
import { type Attack, aboutDocuments, type Json } from "../attack.ts"
import type { Insider } from "../insider.ts"

/** A chain that rotated to epoch 2, followed by a manifest that a granter was brought to sign. */
const afterRotation = (changes: (epochs: Json, insider: Insider) => object) =>
  aboutDocuments(({ manifests }, { insider }) => {
    const { epochs } = manifestFormat.parse(manifests.at(-1))
    const [first] = epochs
    if (first === undefined) throw new Error("there is no epoch")
    const both = [first, { ...first, epoch: 3, clientHalfCommitment: new Uint8Array(32) }]
    manifests.push(insider.nextManifest(manifests.at(-1), { epochs: both, incarnation: 2, versionFloor: 100 }))
    const change = { incarnation: 2, versionFloor: 100, ...changes(both, insider) }
    manifests.push(insider.nextManifest(manifests.at(-1), change))
  })

export const attack: Attack = {
  tries: "bring back what a rotation or a restore ended",
  calls: ["get", "set"],
  clients: ["fresh", "remembering"],
  lies: {
    "the newest epoch goes": afterRotation(([first]) => ({ epochs: [first] })),
    "an epoch comes between": afterRotation(([first, third]) => ({ epochs: [first, { ...first, epoch: 2 }, third] })),
    "the incarnation goes back": afterRotation(() => ({ incarnation: 1 })),
    "the version floor goes back": afterRotation(() => ({ versionFloor: 99 })),
  },
  refused: { code: "keyset_verification_failed", check: "manifest" },
}
