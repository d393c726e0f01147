import { type Attack, aboutManifest } from "../attack.ts"

export const attack: Attack = {
  tries: "put a member into the manifest that no granter let in, so that the next halves are sealed to it",
  calls: [
    "get",
    "set",
    "grant",
    "create client",
    "list grants",
    "revoke grant",
    "rotate",
    "revoke and rotate",
    "revoke grant and rotate",
    "disable environment",
    "destroy environment",
    "reconcile",
  ],
  lies: {
    "somebody from outside": aboutManifest(async ({ members }, { insider }) => {
      const { clientId, kemPk } = await insider.outsider.publicKeys()
      members.push({ clientId, kemPk: Buffer.from(kemPk).toString("base64url"), mode: "read-write", label: "service" })
      members.sort((a: { clientId: string }, b: { clientId: string }) => (a.clientId < b.clientId ? -1 : 1))
    }),
  },
  refused: { code: "keyset_verification_failed", check: "signature" },
}
