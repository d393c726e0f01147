import { type Attack, clientsWithMemory, otherManifest } from "../attack.ts"

export const attack: Attack = {
  tries: "show another manifest of the revision seen before, which a granter was brought to sign",
  calls: ["get", "set"],
  clients: clientsWithMemory,
  lies: {
    "signed by the granter": otherManifest((manifest, { insider }) => insider.manifest(manifest, { createdAt: 0 })),
    "signed by the root": otherManifest((manifest, { insider }) =>
      insider.manifest(manifest, { createdAt: 0 }, "root"),
    ),
  },
  refused: { code: "keyset_verification_failed", check: "freshness" },
}
