import type { Attack, Json, Lie } from "../attack.ts"

const withKeys = (change: (device: Json, own: { signPk: string; kemPk: string }) => unknown): Lie => ({
  to: ["GET /v1/devices"],
  json: async ({ pending }, { device, insider }) => {
    const { kemPk, signPk } = await insider.outsider.publicKeys()
    const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url")
    const told = pending.find(({ clientId }: Json) => clientId === device?.keys.clientId)
    change(told, { signPk: text(signPk), kemPk: text(kemPk) })
  },
})

export const attack: Attack = {
  tries: "put keys of its own under the id and the code of a device that waits, so that halves are sealed to them",
  calls: ["approve device", "approve device by id"],
  lies: {
    "the one that halves are sealed to": withKeys((device, { kemPk }) => {
      device.kemPk = kemPk
    }),
    both: withKeys((device, own) => Object.assign(device, own)),
    "the signing key": withKeys((device, { signPk }) => {
      device.signPk = signPk
    }),
  },
  refused: { code: "keyset_verification_failed", check: "client" },
}
