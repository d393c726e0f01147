import { rosterFormat } from "@halfkey/core/formats/roster"
import type { Attack } from "../attack.ts"

const to = ["POST /v1/recovery/read"]

export const attack: Attack = {
  tries: "hide the newest roster from the holder of the recovery kit, or forge one, so that the root signs a fork",
  calls: ["recover"],
  clients: ["fresh", "cli"],
  lies: {
    "the newest hidden, which a manifest names": {
      to,
      json: ({ keysets, rosters }, { insider }) => {
        const hash = rosterFormat.hash(rosterFormat.parse(insider.nextRoster(rosters[0], {})))
        const { manifests } = keysets[0]
        manifests.push(insider.nextManifest(manifests.at(-1), { rosterSeq: 2, rosterHash: hash }))
      },
    },
    "all hidden": { to, json: ({ rosters }) => void rosters.splice(0) },
    "one that a member signed": {
      to,
      json: ({ rosters }, { insider }) => void rosters.push(insider.nextRoster(rosters.at(-1), {}, "member")),
    },
    "a hole": {
      to,
      json: ({ rosters }, { insider }) => {
        const second = insider.nextRoster(rosters[0], {})
        rosters.push(insider.nextRoster(second, {}))
      },
    },
  },
  refused: { code: "keyset_verification_failed", check: "roster" },
  sends: ["POST /v1/recovery/read"],
}
