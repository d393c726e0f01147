import { type Attack, aboutDocuments, flipped } from "../attack.ts"

export const attack: Attack = {
  tries: "let the recovery grant vanish, so that the kit in the safe opens nothing any more",
  calls: ["grant", "create client", "rotate", "revoke grant and rotate"],
  lies: {
    "left out": aboutDocuments((bundle) => delete bundle.recoveryGrants),
    none: aboutDocuments((bundle) => {
      bundle.recoveryGrants = []
    }),
    damaged: aboutDocuments(({ recoveryGrants }) => {
      recoveryGrants[0].sealedHalf = flipped(recoveryGrants[0].sealedHalf, 3)
    }),
    "of another environment": aboutDocuments(({ recoveryGrants }, { insider }) => {
      recoveryGrants[0].keysetId = insider.keyset("staging").keysetId
    }),
  },
  refused: { code: "keyset_verification_failed", check: "recovery" },
}
