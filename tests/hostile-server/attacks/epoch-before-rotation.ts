import { randomBytes } from "node:crypto"
import { manifestFormat } from "@halfkey/core/formats/manifest"
import type { Attack } from "../attack.ts"

const half = randomBytes(32)

export const attack: Attack = {
  tries: "make a client go on sealing under the epoch before a rotation, which somebody who was taken out still knows",
  calls: ["set"],
  clients: ["fresh", "warm", "remembering"],
  lies: {
    "both are live": {
      json: async ({ keyset }, { insider }) => {
        const { epochs } = manifestFormat.parse(keyset.manifests.at(-1))
        const [first] = epochs
        if (first === undefined) throw new Error("there is no epoch")
        const clientHalfCommitment = insider.commitmentOf("production", 2, half)
        const both = [first, { ...first, epoch: 2, clientHalfCommitment }]
        keyset.manifests.push(insider.nextManifest(keyset.manifests.at(-1), { epochs: both }))
        keyset.grants.push(await insider.grantOf("production", half, 2))
      },
    },
  },
  signedNews: true,
  refused: { code: "keyset_verification_failed", check: "epoch" },
}
