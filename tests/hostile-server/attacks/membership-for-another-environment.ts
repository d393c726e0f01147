import type { Attack, Json } from "../attack.ts"
import { json } from "../replies.ts"

export const attack: Attack = {
  tries: "help a client of staging to read production, by a manifest that nobody signed",
  calls: ["get of production by a client of staging"],
  clients: ["fresh"],
  lies: {
    "production's, with it as a member": {
      instead: (response, { stagingOnly, truths }) => {
        const answer = structuredClone(truths.now["production A"])
        const own = truths.ofStagingOnly.keyset.manifests
          .at(-1)
          .members.find(({ clientId }: Json) => clientId === stagingOnly.clientId)
        const { members } = answer.keyset.manifests.at(-1)
        members.push(own)
        members.sort((a: Json, b: Json) => (a.clientId < b.clientId ? -1 : 1))
        for (const grant of answer.keyset.grants) grant.clientId = stagingOnly.clientId
        json(response, 200, answer)
      },
    },
    "staging's, called production": {
      instead: (response, { truths }) => {
        const answer = structuredClone(truths.ofStagingOnly)
        answer.keyset.manifests.at(-1).name = "production"
        json(response, 200, answer)
      },
    },
  },
  refused: { code: "keyset_verification_failed", check: "signature" },
}
