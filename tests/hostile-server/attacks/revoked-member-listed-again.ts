import { type Attack, aboutManifest } from "../attack.ts"

export const attack: Attack = {
  tries: "list a client again that was revoked, so that the next halves are sealed to it",
  calls: ["get", "set", "grant", "rotate", "revoke grant and rotate", "list grants"],
  lies: {
    "as the member that it was": aboutManifest(async ({ members }, { insider }) => {
      // Of nobody's membership is more left than of this one's: its keys hash to its id, and a granter let it in once.
      const { clientId, kemPk } = await insider.member.publicKeys()
      const others = members.filter((each: { clientId: string }) => each.clientId !== clientId)
      const again = {
        clientId,
        kemPk: Buffer.from(kemPk).toString("base64url"),
        mode: "read-write",
        label: "member again",
      }
      members.splice(0, members.length, ...others, again)
      members.sort((a: { clientId: string }, b: { clientId: string }) => (a.clientId < b.clientId ? -1 : 1))
    }),
  },
  refused: { code: "keyset_verification_failed", check: "signature" },
}
