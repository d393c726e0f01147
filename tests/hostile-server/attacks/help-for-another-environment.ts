import type { Attack } from "../attack.ts"
import { json } from "../replies.ts"

export const attack: Attack = {
  tries:
    "help a client of staging to read production, with all documents, records, seeds and grants that the server has",
  calls: ["get of production by a client of staging"],
  clients: ["fresh"],
  lies: {
    "as they are": { instead: (response, { truths }) => json(response, 200, truths.now["production A"]) },
    "with another member's grants in its name": {
      instead: (response, { stagingOnly, truths }) => {
        const answer = structuredClone(truths.now["production A"])
        for (const grant of answer.keyset.grants) grant.clientId = stagingOnly.clientId
        json(response, 200, answer)
      },
    },
  },
  refused: { code: "keyset_not_found", says: /not a member of production/ },
}
