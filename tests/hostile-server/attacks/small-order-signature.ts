import { type Attack, aboutDocuments } from "../attack.ts"
import { smallOrderKeys } from "../small-order-keys.ts"

/** R is the neutral element and S is 0: with a key of small order this is a valid signature of everything, for a lax verifier. */
const forgery = Buffer.concat([Buffer.from(smallOrderKeys["order 1"] ?? "", "hex"), Buffer.alloc(32)]).toString(
  "base64url",
)

export const attack: Attack = {
  tries: "sign by the trick of small-order points instead of a key",
  calls: ["get"],
  clients: ["fresh"],
  lies: {
    "the manifest": aboutDocuments(({ manifests }) => {
      manifests[0].signature = forgery
    }),
  },
  refused: { code: "keyset_verification_failed", check: "signature" },
}
