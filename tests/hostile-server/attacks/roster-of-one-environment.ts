import { type Attack, aboutDocuments } from "../attack.ts"

export const attack: Attack = {
  tries:
    "show whoever accepts a restore one roster for an environment, where somebody may still sign, and another for the rest",
  calls: ["accept a restore"],
  clients: ["cli"],
  lies: {
    "another one for production": aboutDocuments(({ manifests, rosters }, { insider }) => {
      if (manifests.at(-1).name === "production") rosters.push(insider.nextRoster(rosters.at(-1), {}, "root"))
    }),
  },
  refused: { code: "keyset_verification_failed", check: "roster" },
}
