import { randomBytes } from "node:crypto"
import { manifestFormat } from "@halfkey/core/formats/manifest"
import { type Attack, aboutRead } from "../attack.ts"

const half = randomBytes(32)

export const attack: Attack = {
  tries: "give a record of the epoch that a rotation closed, whose half somebody who was taken out still knows",
  calls: ["get", "read of all"],
  clients: ["fresh", "warm", "remembering"],
  lies: {
    "only the next epoch is live": aboutRead(async (answer, { insider }) => {
      const { keyset } = answer
      const { epochs, name } = manifestFormat.parse(keyset.manifests.at(-1))
      const [first] = epochs
      if (first === undefined) throw new Error("there is no epoch")
      const next = { ...first, epoch: 2, clientHalfCommitment: insider.commitmentOf(name, 2, half) }
      keyset.manifests.push(insider.nextManifest(keyset.manifests.at(-1), { epochs: [next] }))
      keyset.grants = [await insider.grantOf(name, half, 2)]
    }),
  },
  signedNews: true,
  refused: { code: "record_verification_failed", check: "epoch" },
}
