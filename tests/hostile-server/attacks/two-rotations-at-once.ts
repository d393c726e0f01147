import { randomBytes } from "node:crypto"
import { manifestFormat } from "@halfkey/core/formats/manifest"
import { type Attack, aboutDocuments, type Json } from "../attack.ts"
import type { Scene } from "../scene.ts"

/** Two granters rotated at once; an honest server would have taken one of both. */
async function rotatedBy(which: string, bundle: Json, { insider }: Scene): Promise<void> {
  const { epochs, name } = manifestFormat.parse(bundle.manifests.at(-1))
  const [first] = epochs
  if (first === undefined) throw new Error("there is no epoch")
  const half = randomBytes(32)
  const next = { ...first, epoch: 2, clientHalfCommitment: insider.commitmentOf(name, 2, half) }
  bundle.manifests.push(
    insider.nextManifest(bundle.manifests.at(-1), { epochs: [first, next], createdAt: which.length }),
  )
  bundle.grants.push(await insider.grantOf(name, half, 2))
}

let asked = 0

export const attack: Attack = {
  tries: "take two rotations at once, and show a client first the one and then the other",
  calls: ["get twice"],
  clients: ["fresh"],
  lies: {
    "the other at the second time": aboutDocuments(async (bundle, scene) => {
      asked += 1
      await rotatedBy(asked % 2 === 1 ? "one" : "another", bundle, scene)
    }),
  },
  signedNews: true,
  refused: { code: "keyset_verification_failed", check: "freshness" },
}
