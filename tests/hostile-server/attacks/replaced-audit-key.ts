import { type Attack, aboutDocuments } from "../attack.ts"

export const attack: Attack = {
  tries: "put an audit key of its own into the roster, so that logs which it made up seem signed",
  calls: ["get", "whoami", "list granters", "remove granter"],
  clients: ["fresh", "cli"],
  lies: {
    "into the signed one": aboutDocuments(({ rosters }, { insider }) => {
      rosters.at(-1).auditKey = Buffer.from(insider.outsider.signingKey.publicKey).toString("base64url")
    }),
    "by a further one, signed by a member": aboutDocuments(({ rosters }, { insider }) => {
      const auditKey = insider.outsider.signingKey.publicKey
      rosters.push(insider.nextRoster(rosters.at(-1), { auditKey }, "member"))
    }),
  },
  refused: { code: "keyset_verification_failed", check: "roster" },
}
