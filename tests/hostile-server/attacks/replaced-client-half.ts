import { randomBytes } from "node:crypto"
import { type Attack, aboutDocuments } from "../attack.ts"

const half = randomBytes(32)

export const attack: Attack = {
  tries: "make clients encrypt under a half of its own, sealed to them as a granter would seal it",
  calls: ["get", "set", "grant"],
  lies: {
    "grant and a self-wrap that fits it": aboutDocuments(async (bundle, { insider }) => {
      bundle.grants = [await insider.grantOf(bundle.manifests.at(-1).name, half)]
    }),
    "grant without a self-wrap": aboutDocuments(async (bundle, { insider }) => {
      bundle.grants = [{ ...(await insider.grantOf(bundle.manifests.at(-1).name, half)), selfWrap: null }]
    }),
    "grant with a damaged self-wrap": aboutDocuments(async (bundle, { insider }) => {
      const grant = await insider.grantOf(bundle.manifests.at(-1).name, half)
      bundle.grants = [{ ...grant, selfWrap: "A".repeat(80) }]
    }),
  },
  refused: { code: "keyset_verification_failed", check: "commitment" },
}
