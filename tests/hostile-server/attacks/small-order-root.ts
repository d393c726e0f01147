import { type Attack, aboutDocuments, type Lie } from "../attack.ts"
import { smallOrderKeys } from "../small-order-keys.ts"

const lies: [string, Lie][] = Object.entries(smallOrderKeys).map(([name, hex]) => [
  name,
  aboutDocuments(({ root }) => {
    root.signPk = Buffer.from(hex, "hex").toString("base64url")
  }),
])

export const attack: Attack = {
  tries: "replace the root's key by one of small order, under which anybody can sign",
  calls: ["get", "create environment"],
  clients: ["fresh"],
  lies: Object.fromEntries(lies),
  refused: { code: "keyset_verification_failed", check: "root" },
}
