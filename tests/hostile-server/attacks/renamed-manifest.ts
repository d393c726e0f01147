import { type Attack, otherDocuments } from "../attack.ts"

export const attack: Attack = {
  tries: "write the name production into the manifest of staging",
  calls: ["get", "set"],
  lies: {
    unsigned: otherDocuments((_, { truths }) => {
      const bundle = structuredClone(truths.now["staging A"].keyset)
      bundle.manifests[0].name = "production"
      return bundle
    }),
  },
  refused: { code: "keyset_verification_failed", check: "signature" },
}
