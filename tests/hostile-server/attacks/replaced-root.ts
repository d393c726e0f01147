import { rosterFormat } from "@halfkey/core/formats/roster"
import { type Attack, aboutDocuments } from "../attack.ts"

const base64Url = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url")

export const attack: Attack = {
  tries: "put a root of its own behind the whole workspace, or parts of one",
  calls: ["get", "set", "whoami", "create environment"],
  clients: ["fresh", "cli"],
  lies: {
    "both keys, and a roster that they signed": aboutDocuments((bundle, { insider }) => {
      const { publicKeys, signingKey } = insider.otherRoot
      bundle.root = { signPk: base64Url(publicKeys.signPk), kemPk: base64Url(publicKeys.kemPk) }
      const { signature: _, ...roster } = rosterFormat.parse(bundle.rosters[0])
      bundle.rosters = [rosterFormat.toJson(rosterFormat.sign(roster, signingKey))]
    }),
    "the signing key": aboutDocuments(({ root }, { insider }) => {
      root.signPk = base64Url(insider.otherRoot.publicKeys.signPk)
    }),
    "the key that recovery grants are sealed to": aboutDocuments(({ root }, { insider }) => {
      root.kemPk = base64Url(insider.otherRoot.publicKeys.kemPk)
    }),
    "an X-Wing key with a changed byte": aboutDocuments(({ root }) => {
      root.kemPk = (root.kemPk.startsWith("A") ? "B" : "A") + root.kemPk.slice(1)
    }),
  },
  refused: { code: "keyset_verification_failed", check: "root" },
}
