import type { Attack, Json } from "../attack.ts"

export const attack: Attack = {
  tries: "have an admin who looks at both screens approve a device that has another nonce than the one that waits",
  calls: ["approve device by id"],
  lies: {
    "another nonce": {
      to: ["GET /v1/devices"],
      json: ({ pending }, { device }) => {
        const told = pending.find(({ clientId }: Json) => clientId === device?.keys.clientId)
        told.nonce = `${told.nonce.startsWith("A") ? "B" : "A"}${told.nonce.slice(1)}`
      },
    },
  },
  refused: { code: "aborted", says: /before anything was signed/ },
}
