import type { ServerResponse } from "node:http"
import type { Asked, Attack, Json } from "../attack.ts"
import { json } from "../replies.ts"
import type { Scene } from "../scene.ts"

/** Lists production alone, and shows its true documents with the device among the members. */
function letInto(response: ServerResponse, { device, truths }: Scene, { path }: Asked): void {
  const bundle = structuredClone(truths.now["production A"].keyset)
  const manifest = bundle.manifests.at(-1)
  const { createdAt, keysetId, kind, name, revision, state } = manifest
  const summary = {
    keysetId,
    name,
    kind,
    state,
    revision,
    memberCount: 2,
    mode: "read-write",
    createdAt,
    undoUntil: null,
    purgedAt: null,
  }
  const list = { keysets: [{ ...summary, updatedAt: createdAt }] }
  const [some] = manifest.members
  manifest.members.push({ ...some, clientId: device?.keys.clientId, label: "laptop" })
  manifest.members.sort((a: Json, b: Json) => (a.clientId < b.clientId ? -1 : 1))
  json(response, 200, path.startsWith("/v1/keysets/") ? bundle : list)
}

export const attack: Attack = {
  tries: "tell a device that it was let in, or may do more, where no granter ever signed it",
  calls: ["find out where a device is in"],
  clients: ["fresh"],
  lies: {
    "another mode": {
      to: ["GET /v1/keysets/development"],
      json: ({ manifests }, { device }) => {
        const own = manifests.at(-1).members.find(({ clientId }: Json) => clientId === device?.keys.clientId)
        own.mode = "read-write"
      },
    },
    "an environment that it is not in": { to: ["GET /v1/keysets"], instead: letInto },
  },
  refused: { code: "keyset_verification_failed", check: "signature" },
}
