import { gzipSync } from "node:zlib"
import type { Attack } from "../attack.ts"

const packed = gzipSync(Buffer.alloc(80 * 1024 * 1024, " "))

export const attack: Attack = {
  tries: "fill the client's memory by few bytes that unpack to many",
  calls: ["list"],
  clients: ["fresh"],
  lies: {
    gzip: {
      instead: (response) => {
        response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" }).end(packed)
      },
    },
  },
  refused: { code: "invalid_response", says: /larger than/ },
}
