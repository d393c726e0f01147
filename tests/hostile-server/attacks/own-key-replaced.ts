import { type Attack, otherManifest } from "../attack.ts"

export const attack: Attack = {
  tries: "list another key for the reader itself, which a granter was brought to sign",
  calls: ["get", "set"],
  clients: ["fresh"],
  lies: {
    "an own key": otherManifest(async (manifest, { insider }) => {
      const { kemPk } = await insider.outsider.publicKeys()
      const members = insider
        .keyset("production")
        .manifest.members.map((member) => (member.clientId === insider.admin.clientId ? { ...member, kemPk } : member))
      return insider.manifest(manifest, { members })
    }),
  },
  refused: { code: "keyset_verification_failed", check: "client" },
}
