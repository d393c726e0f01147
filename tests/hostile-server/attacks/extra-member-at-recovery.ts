import type { Attack, Json } from "../attack.ts"

const to = ["POST /v1/recovery/read"]
const newest = ({ keysets }: Json): Json => keysets[0].manifests.at(-1)

export const attack: Attack = {
  tries: "have the holder of the recovery kit sign on from a manifest that no granter signed",
  calls: ["recover"],
  clients: ["fresh", "cli"],
  lies: {
    "a member from outside": {
      to,
      json: async (answer, { insider }) => {
        const { clientId, kemPk } = await insider.outsider.publicKeys()
        const { members } = newest(answer)
        members.push({ clientId, kemPk: Buffer.from(kemPk).toString("base64url"), mode: "read", label: "service" })
        members.sort((a: { clientId: string }, b: { clientId: string }) => (a.clientId < b.clientId ? -1 : 1))
      },
    },
    "another version floor": {
      to,
      json: (answer) => {
        newest(answer).versionFloor = 7
      },
    },
  },
  refused: { code: "keyset_verification_failed", check: "signature" },
  sends: ["POST /v1/recovery/read"],
}
