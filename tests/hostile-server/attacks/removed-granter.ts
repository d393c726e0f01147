import { type Attack, aboutDocuments } from "../attack.ts"

export const attack: Attack = {
  tries: "serve a manifest whose signer was taken out of the roster since",
  calls: ["get", "set"],
  clients: ["fresh", "cli"],
  lies: {
    "signed by the one who left": aboutDocuments(({ rosters }, { insider }) => {
      rosters.push(insider.nextRoster(rosters[0], { granters: [] }, "root"))
    }),
  },
  refused: { code: "keyset_verification_failed", check: "signer" },
}
