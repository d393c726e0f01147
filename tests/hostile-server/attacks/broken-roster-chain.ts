import { rosterFormat } from "@halfkey/core/formats/roster"
import { type Attack, aboutDocuments } from "../attack.ts"

export const attack: Attack = {
  tries: "serve a roster chain with a hole, in another order or without its beginning",
  calls: ["get", "whoami"],
  clients: ["fresh", "cli"],
  lies: {
    none: aboutDocuments((bundle) => {
      bundle.rosters = []
    }),
    "the first twice": aboutDocuments(({ rosters }) => rosters.push(rosters[0])),
    "a hole": aboutDocuments(({ rosters }, { insider }) => {
      const second = insider.nextRoster(rosters[0], {})
      rosters.push(insider.nextRoster(second, {}))
    }),
    "only the second": aboutDocuments((bundle, { insider }) => {
      bundle.rosters = [insider.nextRoster(bundle.rosters[0], {})]
    }),
    backwards: aboutDocuments((bundle, { insider }) => {
      bundle.rosters = [insider.nextRoster(bundle.rosters[0], {}), bundle.rosters[0]]
    }),
    "a link to another past": aboutDocuments(({ rosters }, { insider }) => {
      rosters.push(insider.nextRoster(insider.roster(rosters[0], { createdAt: 0 }), {}))
    }),
    "without a link": aboutDocuments(({ rosters }, { insider }) => {
      rosters.push(insider.roster(rosters[0], { seq: 2 }))
    }),
    "of another workspace": aboutDocuments(({ rosters }, { insider }) => {
      const { workspaceId, signingKey } = insider.otherRoot
      const { signature: _, ...roster } = rosterFormat.parse(rosters[0])
      const fields = { ...roster, workspaceId, signerId: workspaceId }
      rosters[0] = rosterFormat.toJson(rosterFormat.sign(fields, signingKey))
    }),
  },
  refused: { code: "keyset_verification_failed", check: "roster" },
}
