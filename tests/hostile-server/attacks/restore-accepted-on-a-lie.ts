import { type Attack, aboutManifest } from "../attack.ts"

export const attack: Attack = {
  tries: "have the granter who accepts a restored backup sign on from a manifest that nobody signed",
  calls: ["accept a restore"],
  clients: ["cli"],
  lies: {
    "an extra member": aboutManifest(async ({ members }, { insider }) => {
      const { clientId, kemPk } = await insider.outsider.publicKeys()
      members.push({ clientId, kemPk: Buffer.from(kemPk).toString("base64url"), mode: "read", label: "service" })
      members.sort((a: { clientId: string }, b: { clientId: string }) => (a.clientId < b.clientId ? -1 : 1))
    }),
  },
  refused: { code: "keyset_verification_failed", check: "signature" },
}
