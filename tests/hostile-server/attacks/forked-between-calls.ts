import { type Attack, aboutRead } from "../attack.ts"

export const attack: Attack = {
  tries: "show two calls of one client, under way together, two manifests of one revision",
  calls: ["get two at once"],
  clients: ["fresh"],
  lies: {
    "to the second": aboutRead((answer, { insider }) => {
      if (answer.records[0].name !== "B") return
      answer.keyset.manifests = [insider.manifest(answer.keyset.manifests.at(-1), { createdAt: 0 })]
    }),
  },
  // Whichever answer is first is believed, and remembered.
  signedNews: true,
  refused: { code: "keyset_verification_failed", check: "freshness" },
}
