import { type Attack, aboutDocuments } from "../attack.ts"
import { smallOrderKeys } from "../small-order-keys.ts"

const key = Buffer.from(smallOrderKeys["order 8"] ?? "", "hex")

export const attack: Attack = {
  tries: "show keys of small order to the command as well, which also knows another roster of that number",
  calls: ["get", "set", "whoami"],
  clients: ["cli", "remembering"],
  lies: {
    granter: aboutDocuments(({ rosters }, { insider }) => {
      const [granter] = insider.keyset("production").roster.granters
      if (granter) rosters[0] = insider.roster(rosters[0], { granters: [{ ...granter, signPk: key }] })
    }),
    "audit key": aboutDocuments(({ rosters }, { insider }) => {
      rosters[0] = insider.roster(rosters[0], { auditKey: key })
    }),
  },
  refused: { code: "keyset_verification_failed", check: "roster" },
}
