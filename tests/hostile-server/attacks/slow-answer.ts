import type { Attack, Lie } from "../attack.ts"

/** Sends a little of an answer, again and again, until the client has gone. */
function drip(status: number): Lie {
  return {
    instead: (response) => {
      response.writeHead(status, { "content-type": "application/json" })
      const timer = setInterval(() => response.write(" "), 20)
      response.on("close", () => clearInterval(timer))
    },
  }
}

export const attack: Attack = {
  tries: "hold the client for ever",
  calls: ["get", "set", "get without a token"],
  clients: ["fresh"],
  lies: {
    "no answer": { instead: () => undefined },
    "a header without a body": {
      instead: (response) => response.writeHead(200, { "content-type": "application/json" }).flushHeaders(),
    },
    "a byte at a time": drip(200),
    "a refusal a byte at a time": drip(403),
  },
  refused: { code: "timeout", says: /no answer within/ },
  timeoutMs: 150,
}
