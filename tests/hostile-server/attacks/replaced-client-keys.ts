import type { Attack, Json, Lie } from "../attack.ts"

const client = (change: (client: Json, attacker: { signPk: string; kemPk: string }) => unknown): Lie => ({
  to: ["GET /v1/clients"],
  json: async ({ clients }, { insider, member }) => {
    const { kemPk, signPk } = await insider.outsider.publicKeys()
    const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url")
    const own = { signPk: text(signPk), kemPk: text(kemPk) }
    change(
      clients.find(({ clientId }: Json) => clientId === member.clientId),
      own,
    )
  },
})

export const attack: Attack = {
  tries: "put keys of its own in the place of those of a client that an admin grants an environment to",
  calls: ["grant"],
  lies: {
    both: client((served, own) => Object.assign(served, own)),
    "the one that halves are sealed to": client((served, { kemPk }) => {
      served.kemPk = kemPk
    }),
    "the signing key": client((served, { signPk }) => {
      served.signPk = signPk
    }),
    "a changed byte": client((served) => {
      served.kemPk = (served.kemPk.startsWith("A") ? "B" : "A") + served.kemPk.slice(1)
    }),
  },
  refused: { code: "invalid_argument", says: /do not hash to its id/ },
}
