import { type Attack, otherManifest } from "../attack.ts"

export const attack: Attack = {
  tries: "let somebody sign the manifest who may not",
  calls: ["get", "set", "grant"],
  clients: ["fresh", "cli"],
  lies: {
    "a member who is no granter": otherManifest((manifest, { insider }) => insider.manifest(manifest, {}, "member")),
    "somebody from outside": otherManifest((manifest, { insider }) => insider.manifest(manifest, {}, "outsider")),
  },
  refused: { code: "keyset_verification_failed", check: "signer" },
}
