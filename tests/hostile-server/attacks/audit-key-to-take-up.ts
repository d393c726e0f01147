import type { Attack, Lie } from "../attack.ts"
import { smallOrderKeys } from "../small-order-keys.ts"

const auditKey = (hex: string): Lie => ({
  json: (answer) => {
    answer.auditKey = Buffer.from(hex, "hex").toString("base64url")
  },
})

export const attack: Attack = {
  tries: "bring a granter to take up an audit key of small order, under which anybody can sign checkpoints",
  calls: ["update audit key"],
  clients: ["fresh", "cli"],
  lies: Object.fromEntries(Object.entries(smallOrderKeys).map(([name, hex]) => [name, auditKey(hex)])),
  refused: { code: "keyset_verification_failed", check: "audit key" },
}
