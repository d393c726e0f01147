import { type Attack, aboutDocuments, type Lie } from "../attack.ts"
import { smallOrderKeys } from "../small-order-keys.ts"

const lies: [string, Lie][] = Object.entries(smallOrderKeys).map(([name, hex]) => [
  name,
  aboutDocuments(({ rosters }, { insider }) => {
    rosters[0] = insider.roster(rosters[0], { auditKey: Buffer.from(hex, "hex") })
  }),
])

export const attack: Attack = {
  tries: "make the audit key one of small order, under which anybody can sign checkpoints",
  calls: ["get", "whoami"],
  clients: ["fresh"],
  lies: Object.fromEntries(lies),
  refused: { code: "keyset_verification_failed", check: "roster" },
}
