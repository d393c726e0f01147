import { type Attack, otherManifest } from "../attack.ts"

export const attack: Attack = {
  tries: "go on serving a client that a granter has taken out",
  calls: ["get", "set"],
  clients: ["fresh"],
  lies: {
    "signed by the granter": otherManifest((manifest, { insider }) => {
      const others = insider
        .keyset("production")
        .manifest.members.filter(({ clientId }) => clientId !== insider.admin.clientId)
      return insider.manifest(manifest, { members: others })
    }),
  },
  refused: { code: "keyset_not_found", says: /not a member/ },
}
