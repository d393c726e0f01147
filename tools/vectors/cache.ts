/** Vectors of S14: the sealed cache of a client. */
import { sealCache } from "@halfkey/core/client/cache-file"
import { uuidBytes } from "@halfkey/core/formats/ids"
import { pae } from "@halfkey/core/formats/pae"
import { utf8 } from "@halfkey/core/primitives/bytes"
import { fixed, hex } from "./fixed.ts"
import * as world from "./world.ts"

const { workspaceId, ci } = world

export function cacheVectors() {
  const place = { endpoint: "https://halfkey.example", environment: "production" }
  const contents = utf8('{"entries":[]}')
  const file = sealCache(place, contents, ci.identity, (length) => fixed("cache nonce", length))
  const { endpoint, environment } = place
  return {
    description:
      "A cache file of S14. Each refusal turns bits of one byte, leaves bytes out, or opens for another place or client.",
    place: { workspaceId, clientId: ci.clientId, ...place },
    clientKey: ci.clientKey,
    contents: hex(contents),
    nonce: hex(file.subarray(4, 16)),
    aad: hex(pae("cache", workspaceId, uuidBytes(ci.clientId), endpoint, environment)),
    file: hex(file),
    refused: {
      file: [0, 3, 4, 15, 16, file.length - 17, file.length - 16, file.length - 1].map((at) => ({ at, xor: 1 })),
      lengths: [0, 4, 31, 32, file.length - 1],
      places: [
        { change: { endpoint: "https://halfkey.example:8443" } },
        { change: { environment: "staging" } },
        { change: { clientId: world.admin.clientId } },
      ],
      clientKeys: [world.admin.clientKey],
    },
  }
}
