import { type Attack, aboutDocuments, flipped } from "../attack.ts"

export const attack: Attack = {
  tries: "give a client a grant that was sealed to somebody else, for another environment, or that is damaged",
  calls: ["get", "set"],
  clients: ["fresh", "cli"],
  lies: {
    none: aboutDocuments((bundle) => {
      bundle.grants = []
    }),
    "another client's": aboutDocuments(({ grants }, { member }) => {
      grants[0].clientId = member.clientId
    }),
    "of another environment": aboutDocuments((bundle, { truths }) => {
      bundle.grants = truths.now["staging A"].keyset.grants
    }),
    "of another environment under this one's name": aboutDocuments((bundle, { truths }) => {
      const { keysetId } = bundle.grants[0]
      bundle.grants = [{ ...truths.now["staging A"].keyset.grants[0], keysetId }]
    }),
    "of another epoch": aboutDocuments(({ grants }) => {
      grants[0].epoch = 2
    }),
    "with a changed encapsulation": aboutDocuments(({ grants }) => {
      grants[0] = { ...grants[0], enc: flipped(grants[0].enc, 5), selfWrap: null }
    }),
    "with an X25519 point of small order": aboutDocuments(({ grants }) => {
      const enc = Buffer.from(grants[0].enc, "base64url").fill(0, 1088)
      grants[0] = { ...grants[0], enc: enc.toString("base64url"), selfWrap: null }
    }),
    "with a changed half": aboutDocuments(({ grants }) => {
      grants[0] = { ...grants[0], sealedHalf: flipped(grants[0].sealedHalf, 0), selfWrap: null }
    }),
  },
  refused: { code: "keyset_verification_failed", check: "grant" },
}
