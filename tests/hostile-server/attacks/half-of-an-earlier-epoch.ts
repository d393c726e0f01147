import { randomBytes } from "node:crypto"
import { manifestFormat } from "@halfkey/core/formats/manifest"
import { type Attack, aboutDocuments } from "../attack.ts"

const half = randomBytes(32)

export const attack: Attack = {
  tries:
    "seal the half of one epoch to a client as that of the next, so that who left opens what is written afterwards",
  calls: ["get", "set"],
  clients: ["fresh", "warm", "remembering"],
  lies: {
    "in a grant of the new epoch": aboutDocuments(async (bundle, { insider }) => {
      const { epochs, name } = manifestFormat.parse(bundle.manifests.at(-1))
      const [first] = epochs
      if (first === undefined) throw new Error("there is no epoch")
      const next = { ...first, epoch: 2, clientHalfCommitment: insider.commitmentOf(name, 2, half) }
      bundle.manifests.push(insider.nextManifest(bundle.manifests.at(-1), { epochs: [first, next] }))
      bundle.grants.push(await insider.grantOf(name, insider.keyset(name).clientHalf(1), 2))
    }),
  },
  refused: { code: "keyset_verification_failed", check: "commitment" },
}
