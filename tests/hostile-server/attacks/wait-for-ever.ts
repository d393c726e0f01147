import type { Attack } from "../attack.ts"

export const attack: Attack = {
  tries: "ask the client to wait for longer than its deadline",
  calls: ["get", "set", "get without a token"],
  clients: ["fresh", "cli"],
  lies: {
    "for an hour": {
      instead: (response) => {
        const document = { code: "rate_limited", status: 429, detail: "wait", requestId: "r" }
        response
          .writeHead(429, { "content-type": "application/problem+json", "retry-after": "3600" })
          .end(JSON.stringify(document))
      },
    },
    "until the year 9999": {
      instead: (response) => {
        const document = { code: "rate_limited", status: 429, detail: "wait", requestId: "r" }
        response
          .writeHead(429, {
            "content-type": "application/problem+json",
            "retry-after": "Fri, 31 Dec 9999 23:59:59 GMT",
          })
          .end(JSON.stringify(document))
      },
    },
  },
  refused: { code: "rate_limited", says: /wait/ },
}
