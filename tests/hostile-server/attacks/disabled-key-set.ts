import { type Attack, otherManifest } from "../attack.ts"

export const attack: Attack = {
  tries: "go on with a key set that a granter has disabled",
  calls: ["get", "set"],
  clients: ["fresh"],
  lies: {
    disabled: otherManifest((manifest, { insider }) => insider.manifest(manifest, { state: "disabled" })),
    destroyed: otherManifest((manifest, { insider }) => insider.manifest(manifest, { state: "destroyed", epochs: [] })),
  },
  refused: { code: "keyset_disabled", says: /is (?:disabled|destroyed)/ },
}
