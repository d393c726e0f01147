import { type Attack, aboutDocuments, clientsWithMemory } from "../attack.ts"

export const attack: Attack = {
  tries: "hide by a newer manifest that its chain no longer goes through the one seen before",
  calls: ["get", "set"],
  clients: clientsWithMemory,
  lies: {
    "only the newest": aboutDocuments((bundle, { insider }) => {
      bundle.manifests = [insider.nextManifest(bundle.manifests.at(-1), {})]
    }),
    "a newer one over another past": aboutDocuments((bundle, { insider }) => {
      const other = insider.manifest(bundle.manifests.at(-1), { createdAt: 0 })
      bundle.manifests = [other, insider.nextManifest(other, {})]
    }),
  },
  refused: { code: "keyset_verification_failed", check: "freshness" },
}
