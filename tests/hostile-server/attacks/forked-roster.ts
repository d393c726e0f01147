import { rosterFormat } from "@halfkey/core/formats/roster"
import { type Attack, aboutDocuments, clientsWithMemory } from "../attack.ts"

export const attack: Attack = {
  tries:
    "show another roster of the number seen before, which the root was brought to sign, with a manifest that fits it",
  calls: ["get", "set"],
  clients: clientsWithMemory,
  lies: {
    "signed by the root": aboutDocuments((bundle, { insider }) => {
      bundle.rosters = [insider.roster(bundle.rosters[0], { createdAt: 0 })]
      const hash = rosterFormat.hash(rosterFormat.parse(bundle.rosters[0]))
      bundle.manifests.push(insider.nextManifest(bundle.manifests.at(-1), { rosterHash: hash }))
    }),
  },
  refused: { code: "keyset_verification_failed", check: "freshness" },
}
