import { type Attack, aboutDocuments, clientsWithMemory } from "../attack.ts"

export const attack: Attack = {
  tries: "show another roster of the number seen before to somebody who asks about the workspace",
  calls: ["whoami", "create environment"],
  clients: clientsWithMemory,
  lies: {
    "signed by the root": aboutDocuments(({ rosters }, { insider }) => {
      rosters[0] = insider.roster(rosters[0], { createdAt: 0 })
    }),
  },
  refused: { code: "keyset_verification_failed", check: "freshness" },
}
