import { type Attack, aboutManifest } from "../attack.ts"
import { smallOrderForgery } from "../small-order-keys.ts"

export const attack: Attack = {
  tries: "sign by the trick of small-order points instead of a key",
  calls: ["get"],
  clients: ["fresh"],
  lies: {
    "the manifest": aboutManifest((manifest) => {
      manifest.signature = smallOrderForgery
    }),
  },
  refused: { code: "keyset_verification_failed", check: "signature" },
}
