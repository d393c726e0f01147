import type { Attack } from "../attack.ts"
import { raw } from "../replies.ts"

const head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"

export const attack: Attack = {
  tries: "end the connection in the middle of things, or speak something else than HTTP",
  calls: ["get"],
  clients: ["fresh", "cli"],
  lies: {
    "within the body": { instead: (response) => raw(response, `${head}content-length: 100\r\n\r\n{"records":[]`) },
    "at once": { instead: (response) => response.destroy() },
    "within a chunk": { instead: (response) => raw(response, `${head}transfer-encoding: chunked\r\n\r\nff\r\n{}`) },
    "within the header": { instead: (response) => raw(response, "HTTP/1.1 200 OK\r\ncontent-ty") },
    "another protocol": { instead: (response) => raw(response, "SSH-2.0-OpenSSH_9.6\r\n") },
    "two lengths": { instead: (response) => raw(response, `${head}content-length: 2\r\ncontent-length: 3\r\n\r\n{}x`) },
    "a header that is too large": {
      instead: (response) => raw(response, `${head}x-more: ${"x".repeat(100_000)}\r\n\r\n`),
    },
  },
  refused: { code: "server_unreachable", says: /127\.0\.0\.1/ },
}
