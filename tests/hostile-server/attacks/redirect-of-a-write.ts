import type { Attack } from "../attack.ts"

export const attack: Attack = {
  tries: "send a sealed record to another host",
  calls: ["set"],
  clients: ["fresh", "cli"],
  lies: {
    "307": {
      to: ["POST /v1/secrets/commit"],
      instead: (response, { elsewhere }, { path }) => {
        response.writeHead(307, { location: elsewhere.url + path, "content-length": 0 }).end()
      },
    },
  },
  refused: { code: "invalid_response", says: /redirect/ },
  sends: ["POST /v1/secrets/commit"],
}
