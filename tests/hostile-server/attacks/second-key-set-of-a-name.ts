import { type Attack, clientsWithMemory, otherDocuments } from "../attack.ts"

export const attack: Attack = {
  tries: "show another key set under a known name, which a granter was brought to sign",
  calls: ["get", "set"],
  clients: clientsWithMemory,
  lies: {
    "signed by the granter": otherDocuments((_, { insider, truths }) => {
      const bundle = structuredClone(truths.now["staging A"].keyset)
      bundle.manifests = [insider.manifest(bundle.manifests[0], { name: "production" })]
      return bundle
    }),
  },
  refused: { code: "keyset_verification_failed", check: "key set" },
}
