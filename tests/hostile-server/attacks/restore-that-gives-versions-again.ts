import { type Attack, clientsWithMemory, otherManifest } from "../attack.ts"

export const attack: Attack = {
  tries: "use an accepted restore whose version floor is below what was seen, so that old records fit new versions",
  calls: ["get", "set"],
  clients: clientsWithMemory,
  lies: {
    "below the highest version seen": otherManifest((manifest, { insider }) =>
      insider.nextManifest(manifest, { incarnation: 2, versionFloor: 0 }),
    ),
  },
  refused: { code: "keyset_verification_failed", check: "freshness" },
}
