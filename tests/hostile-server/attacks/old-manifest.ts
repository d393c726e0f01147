import { type Attack, aboutDocuments, clientsWithMemory, otherDocuments } from "../attack.ts"

export const attack: Attack = {
  tries: "go back to the manifest from before a member came or went",
  calls: ["get", "set"],
  clients: clientsWithMemory,
  lies: {
    "the old one alone": otherDocuments((_, { truths }) => truths.before.keyset),
    "the old one, which then seems to go on": aboutDocuments((bundle, { insider, truths }) => {
      const [old] = truths.before.keyset.manifests
      const [member] = old.members
      const kemPk = Buffer.from(member.kemPk, "base64url")
      bundle.manifests = [insider.nextManifest(old, { members: [{ ...member, kemPk, label: "other history" }] })]
    }),
  },
  refused: { code: "keyset_verification_failed", check: "freshness" },
}
