import { type Attack, aboutDocuments } from "../attack.ts"

const calledEnabled = (state: "disabled" | "destroyed") =>
  aboutDocuments(({ manifests }, { insider }) => {
    manifests.push({ ...insider.nextManifest(manifests.at(-1), { state }), state: "enabled" })
  })

export const attack: Attack = {
  tries: "serve a destroyed or disabled key set as an enabled one, so that somebody goes on sealing into it",
  calls: ["get", "set", "grant"],
  clients: ["fresh", "cli"],
  lies: { destroyed: calledEnabled("destroyed"), disabled: calledEnabled("disabled") },
  refused: { code: "keyset_verification_failed", check: "signature" },
}
