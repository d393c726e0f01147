import { type Attack, aboutDocuments, otherDocuments } from "../attack.ts"

export const attack: Attack = {
  tries: "serve the key set of staging, as it was really signed, to somebody who asked for production",
  calls: ["get", "set", "get of two"],
  lies: {
    "all documents": otherDocuments((_, { truths }) => truths.now["staging A"].keyset),
    "the manifest only": aboutDocuments((bundle, { truths }) => {
      bundle.manifests = structuredClone(truths.now["staging A"].keyset.manifests)
    }),
  },
  refused: { code: "keyset_verification_failed", check: "name" },
}
