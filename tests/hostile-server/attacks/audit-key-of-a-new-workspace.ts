import type { Attack, Lie } from "../attack.ts"
import { smallOrderKeys } from "../small-order-keys.ts"

const auditKey = (hex: string): Lie => ({
  json: (answer) => {
    answer.auditKey = Buffer.from(hex, "hex").toString("base64url")
  },
})

export const attack: Attack = {
  tries: "bring the creator of a workspace to sign an audit key of small order",
  calls: ["create workspace"],
  clients: ["fresh", "cli"],
  lies: {
    "order 8": auditKey(smallOrderKeys["order 8"] ?? ""),
    "order 4, above p": auditKey(smallOrderKeys["order 4, above p"] ?? ""),
  },
  refused: { code: "keyset_verification_failed", check: "roster" },
}
