import { type Attack, aboutDocuments } from "../attack.ts"

export const attack: Attack = {
  tries: "undo a destruction without a granter",
  calls: ["get", "set"],
  clients: ["fresh", "cli"],
  lies: {
    "signed by a member": aboutDocuments(({ manifests }, { insider }) => {
      const destroyed = insider.nextManifest(manifests.at(-1), { state: "destroyed" })
      manifests.push(destroyed, insider.nextManifest(destroyed, { state: "enabled" }, "member"))
    }),
    "signed by somebody from outside": aboutDocuments(({ manifests }, { insider }) => {
      const destroyed = insider.nextManifest(manifests.at(-1), { state: "destroyed" })
      manifests.push(destroyed, insider.nextManifest(destroyed, { state: "enabled" }, "outsider"))
    }),
  },
  refused: { code: "keyset_verification_failed", check: "signer" },
}
