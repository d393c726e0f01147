import { type Attack, aboutDocuments, clientsWithMemory } from "../attack.ts"

export const attack: Attack = {
  tries:
    "hide that a destruction was undone, and show the destroyed manifest of before to whoever has seen a later one",
  calls: ["get", "set"],
  clients: clientsWithMemory,
  lies: {
    "the destruction as the newest": aboutDocuments((bundle, { insider, truths }) => {
      const [old] = truths.before.keyset.manifests
      bundle.manifests = [insider.nextManifest(old, { state: "destroyed" })]
    }),
    "the destruction in place of what was seen": aboutDocuments((bundle, { insider }) => {
      bundle.manifests = [insider.manifest(bundle.manifests.at(-1), { state: "destroyed" })]
    }),
  },
  refused: { code: "keyset_verification_failed", check: "freshness" },
}
