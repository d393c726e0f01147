import { clientIdOf } from "@halfkey/core/formats/ids"
import { type Attack, aboutDocuments, type Lie } from "../attack.ts"

/** Points of the curve, not of small order, whose y is written as y + p: some verifiers take them, others do not. */
const keysAboveP = {
  "y = 3": `f0${"ff".repeat(30)}7f`,
  "y = 3 with the other sign": `f0${"ff".repeat(31)}`,
  "y = 18": `${"ff".repeat(31)}7f`,
  "y = 18 with the other sign": "ff".repeat(32),
}

/** The root itself was brought to sign it, and the id commits to the key. */
const granter = (hex: string): Lie =>
  aboutDocuments(({ rosters }, { insider }) => {
    const [first] = insider.keyset("production").roster.granters
    if (first === undefined) throw new Error("there is no granter")
    const signPk = Buffer.from(hex, "hex")
    const clientId = clientIdOf(insider.workspaceId, signPk, first.kemPk)
    rosters[0] = insider.roster(rosters[0], { granters: [{ ...first, signPk, clientId }] })
  })

const auditKey = (hex: string): Lie =>
  aboutDocuments(({ rosters }, { insider }) => {
    rosters[0] = insider.roster(rosters[0], { auditKey: Buffer.from(hex, "hex") })
  })

export const attack: Attack = {
  tries: "make a key one with y of p or more, which some machines take for another key and others refuse",
  calls: ["get", "whoami", "list granters"],
  clients: ["fresh"],
  lies: Object.fromEntries(
    Object.entries(keysAboveP).flatMap(([name, hex]) => [
      [`a granter's, ${name}`, granter(hex)],
      [`the audit key, ${name}`, auditKey(hex)],
    ]),
  ),
  refused: { code: "keyset_verification_failed", check: "roster" },
}
