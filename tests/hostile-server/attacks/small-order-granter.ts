import { clientIdOf } from "@halfkey/core/formats/ids"
import { type Attack, aboutDocuments, type Lie } from "../attack.ts"
import { smallOrderForgery, smallOrderKeys } from "../small-order-keys.ts"

/** The root itself was brought to sign it, and the id commits to the key: only that everybody can sign with it is wrong. */
const lie = (hex: string): Lie =>
  aboutDocuments((bundle, { insider }) => {
    const [granter] = insider.keyset("production").roster.granters
    if (granter === undefined) throw new Error("there is no granter")
    const signPk = Buffer.from(hex, "hex")
    const clientId = clientIdOf(insider.workspaceId, signPk, granter.kemPk)
    bundle.rosters[0] = insider.roster(bundle.rosters[0], { granters: [{ ...granter, signPk, clientId }] })
    // Nobody holds the key, and still there is a signature.
    if (bundle.manifests) Object.assign(bundle.manifests.at(-1), { signerId: clientId, signature: smallOrderForgery })
  })

export const attack: Attack = {
  tries: "make a granter's key one of small order, under which anybody can sign manifests",
  calls: ["get", "create environment"],
  clients: ["fresh"],
  lies: Object.fromEntries(Object.entries(smallOrderKeys).map(([name, hex]) => [name, lie(hex)])),
  refused: { code: "keyset_verification_failed", check: "roster" },
}
