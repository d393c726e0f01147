import type { Attack } from "../attack.ts"
import { json } from "../replies.ts"

export const attack: Attack = {
  tries: "help a client of staging to read production, where a granter lists it but nobody sealed a half to it",
  calls: ["get of production by a client of staging"],
  clients: ["fresh"],
  lies: {
    "with its own grant of staging": {
      instead: (response, { insider, stagingOnly, truths }) => {
        const answer = structuredClone(truths.now["production A"])
        const { keysetId, manifest } = insider.keyset("production")
        const own = insider.keyset("staging").manifest.members.find(({ clientId }) => clientId === stagingOnly.clientId)
        if (own === undefined) throw new Error("it is no member of staging")
        const members = [...manifest.members, own].sort((a, b) => (a.clientId < b.clientId ? -1 : 1))
        const { manifests } = answer.keyset
        manifests.push(insider.manifest(manifests.pop(), { members }))
        answer.keyset.grants = [{ ...truths.ofStagingOnly.keyset.grants[0], keysetId }]
        json(response, 200, answer)
      },
    },
  },
  refused: { code: "keyset_verification_failed", check: "grant" },
}
