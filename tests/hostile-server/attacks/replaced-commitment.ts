import { randomBytes } from "node:crypto"
import { type Attack, aboutDocuments } from "../attack.ts"

const half = randomBytes(32)

export const attack: Attack = {
  tries:
    "make clients encrypt under a half of its own: grant, self-wrap and commitment fit each other, only the signature does not",
  calls: ["get", "set"],
  lies: {
    "all three": aboutDocuments(async (bundle, { insider }) => {
      const commitment = insider.commitmentOf("production", 1, half)
      bundle.manifests.at(-1).epochs[0].clientHalfCommitment = Buffer.from(commitment).toString("base64url")
      bundle.grants = [await insider.grantOf("production", half)]
    }),
  },
  refused: { code: "keyset_verification_failed", check: "signature" },
}
