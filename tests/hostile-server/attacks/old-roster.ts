import { type Attack, aboutDocuments } from "../attack.ts"

let asked = 0

export const attack: Attack = {
  tries: "go back to the roster from before a granter came or went, to somebody who has seen the newer one",
  calls: ["get twice"],
  clients: ["fresh"],
  lies: {
    "the newer one only at the first time": aboutDocuments(({ rosters }, { insider }) => {
      asked += 1
      if (asked % 2 === 1) rosters.push(insider.nextRoster(rosters.at(-1), {}))
    }),
  },
  signedNews: true,
  refused: { code: "keyset_verification_failed", check: "freshness" },
}
