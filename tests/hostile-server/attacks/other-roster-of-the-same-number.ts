import { type Attack, aboutDocuments } from "../attack.ts"

export const attack: Attack = {
  tries: "serve another roster than the one under which the manifest was signed",
  calls: ["get", "set"],
  clients: ["fresh"],
  lies: {
    "both signed by the root": aboutDocuments(({ rosters }, { insider }) => {
      rosters[0] = insider.roster(rosters[0], { createdAt: 0 })
    }),
  },
  refused: { code: "keyset_verification_failed", check: "roster" },
}
