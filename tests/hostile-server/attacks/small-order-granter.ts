import { type Attack, aboutDocuments, type Lie } from "../attack.ts"
import { smallOrderKeys } from "../small-order-keys.ts"

const lies: [string, Lie][] = Object.entries(smallOrderKeys).map(([name, hex]) => [
  name,
  // The root itself was brought to sign it: the roster's signature is good, its granter is not.
  aboutDocuments(({ rosters }, { insider }) => {
    const [granter] = insider.keyset("production").roster.granters
    if (granter)
      rosters[0] = insider.roster(rosters[0], { granters: [{ ...granter, signPk: Buffer.from(hex, "hex") }] })
  }),
])

export const attack: Attack = {
  tries: "make a granter's key one of small order, under which anybody can sign manifests",
  calls: ["get", "create environment"],
  clients: ["fresh"],
  lies: Object.fromEntries(lies),
  refused: { code: "keyset_verification_failed", check: "roster" },
}
