import type { Attack, Json } from "../attack.ts"

export const attack: Attack = {
  tries: "hide a client from the admin who grants it an environment",
  calls: ["grant"],
  clients: ["fresh", "cli"],
  lies: {
    hidden: {
      to: ["GET /v1/clients"],
      json: (answer, { member }) => {
        answer.clients = answer.clients.filter(({ clientId }: Json) => clientId !== member.clientId)
      },
    },
    "under another id": {
      to: ["GET /v1/clients"],
      json: ({ clients }, { insider, member }) => {
        clients.find(({ clientId }: Json) => clientId === member.clientId).clientId = insider.outsider.clientId
      },
    },
  },
  refused: { code: "client_not_found", says: /there is no client/ },
}
