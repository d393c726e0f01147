import type { Attack, Json, Lie } from "../attack.ts"
import type { Scene } from "../scene.ts"

/** Changes what is told of the device that waits, with keys of the attacker's own at hand. */
const waiting = (change: (device: Json, own: { clientId: string; signPk: string; kemPk: string }) => unknown): Lie => ({
  to: ["GET /v1/devices"],
  json: async ({ pending }: Json, { device, insider }: Scene) => {
    const { clientId, kemPk, signPk } = await insider.outsider.publicKeys()
    const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url")
    const own = { clientId, signPk: text(signPk), kemPk: text(kemPk) }
    change(
      pending.find((each: Json) => each.clientId === device?.keys.clientId),
      own,
    )
  },
})

export const attack: Attack = {
  tries:
    "show an admin a device of its own under the label and nonce of the one that waits, or another nonce than was filed",
  calls: ["approve device"],
  lies: {
    "its own key": waiting((device, own) => Object.assign(device, own)),
    "another nonce": waiting((device) => {
      device.nonce = `${device.nonce.startsWith("A") ? "B" : "A"}${device.nonce.slice(1)}`
    }),
    "the nonce of nobody": waiting((device) => {
      device.nonce = "A".repeat(43)
    }),
  },
  refused: { code: "keyset_verification_failed", check: "code" },
}
