import type { Attack, Json } from "../attack.ts"

export const attack: Attack = {
  tries: "offer a version that a restore has given up",
  calls: ["set"],
  clients: ["fresh", "remembering"],
  lies: {
    "below the signed floor": {
      json: ({ keyset }: Json, { insider }) => {
        const { manifests } = keyset
        manifests.push(insider.nextManifest(manifests.at(-1), { incarnation: 2, versionFloor: 1_000_000 }))
      },
    },
  },
  signedNews: true,
  refused: { code: "record_verification_failed", check: "freshness" },
}
