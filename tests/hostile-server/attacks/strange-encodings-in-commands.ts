import { type Attack, aboutDocuments } from "../attack.ts"

export const attack: Attack = {
  tries: "spell a document strangely where something is about to be sealed or shown",
  calls: ["set", "grant", "create client"],
  clients: ["warm", "remembering", "cli"],
  lies: {
    "an unknown field": aboutDocuments(({ manifests }) => {
      manifests.at(-1).extra = 1
    }),
    "unsorted members": aboutDocuments(({ manifests }) => manifests.at(-1).members.reverse()),
    "a label that moves the cursor": aboutDocuments(({ manifests }) => {
      manifests.at(-1).members[0].label = "a\u001b[2Jb"
    }),
  },
  refused: { code: "keyset_verification_failed", check: "encoding" },
}
