import { rosterFormat } from "@halfkey/core/formats/roster"
import { type Attack, aboutDocuments } from "../attack.ts"

export const attack: Attack = {
  tries: "hide a newer roster, under which the manifest was signed and some granter no longer counts",
  calls: [
    "get",
    "set",
    "grant",
    "list grants",
    "revoke grant",
    "rotate",
    "revoke and rotate",
    "revoke grant and rotate",
    "disable environment",
    "destroy environment",
    "reconcile",
  ],
  clients: ["fresh", "cli"],
  lies: {
    "the last one": aboutDocuments((bundle, { insider }) => {
      const newer = insider.nextRoster(bundle.rosters[0], {})
      const hash = rosterFormat.hash(rosterFormat.parse(newer))
      bundle.manifests.push(insider.nextManifest(bundle.manifests.at(-1), { rosterSeq: 2, rosterHash: hash }))
    }),
  },
  refused: { code: "keyset_verification_failed", check: "roster" },
}
