import { manifestFormat } from "@halfkey/core/formats/manifest"
import type { Attack } from "../attack.ts"
import { json } from "../replies.ts"

const time = "2026-01-31T00:00:00.000Z"

export const attack: Attack = {
  tries: "confirm a destruction that never happens, and go on with the key set as it was",
  calls: ["destroy and look"],
  clients: ["fresh"],
  lies: {
    "a good answer, and nothing stored": {
      instead: (response, _scene, { body }) => {
        const { keysetId, kind, name, revision, state } = manifestFormat.parse(JSON.parse(body).manifest)
        const times = { createdAt: time, updatedAt: time, undoUntil: "9999-01-31T00:00:00.000Z", purgedAt: null }
        json(response, 200, { keysetId, name, kind, state, revision, memberCount: 1, mode: "read-write", ...times })
      },
    },
  },
  refused: { code: "keyset_verification_failed", check: "freshness" },
  sends: ["PUT /v1/keysets/"],
}
