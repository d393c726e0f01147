import { type Attack, otherManifest } from "../attack.ts"

export const attack: Attack = {
  tries: "sign the manifest with an own key in the name of a granter or of the root",
  calls: ["get", "set"],
  clients: ["fresh", "cli"],
  lies: {
    "of the granter": otherManifest((manifest, { insider }) =>
      insider.manifest(manifest, { signerId: insider.admin.clientId }, "outsider"),
    ),
    "of the root": otherManifest((manifest, { insider }) =>
      insider.manifest(manifest, { signerId: insider.workspaceId }, "member"),
    ),
  },
  refused: { code: "keyset_verification_failed", check: "signature" },
}
