import { type Attack, aboutManifest, clientsWithMemory } from "../attack.ts"

export const attack: Attack = {
  tries: "bypass what was seen by numbers of a restore",
  calls: ["get", "set"],
  clients: clientsWithMemory,
  lies: {
    "an incarnation that nobody signed": aboutManifest((manifest) => {
      manifest.incarnation = 2
    }),
  },
  refused: { code: "keyset_verification_failed", check: "signature" },
}
