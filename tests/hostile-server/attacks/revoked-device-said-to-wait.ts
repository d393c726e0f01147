import type { Attack, Json, Lie } from "../attack.ts"

const removed = (json: (answer: Json) => unknown): Lie => ({ to: ["DELETE /v1/devices/"], json })

export const attack: Attack = {
  tries: "say that a device which is to be revoked was only waiting, so that its manifests go on listing it",
  calls: ["revoke device"],
  clients: ["fresh", "cli"],
  lies: {
    rejected: removed((answer) => {
      answer.status = "rejected"
    }),
  },
  refused: "harmless",
}
