import { rosterFormat } from "@halfkey/core/formats/roster"
import type { Attack, Json } from "../attack.ts"
import type { Scene } from "../scene.ts"

/** A roster by which the member is a granter, too: really signed, and the same in every answer. */
let roster: Json

async function withMember(rosters: Json[], { insider }: Scene): Promise<void> {
  if (roster === undefined) {
    const { granters } = insider.keyset("production").roster
    const keys = await insider.member.publicKeys()
    const both = [...granters, { ...keys, label: "member" }].sort((a, b) => (a.clientId < b.clientId ? -1 : 1))
    roster = insider.nextRoster(rosters.at(-1), { granters: both })
  }
  rosters.push(roster)
}

export const attack: Attack = {
  tries: "have the admin who removes a granter sign again, in its own name, a membership that nobody signed",
  calls: ["remove granter"],
  lies: {
    "an extra member, in the name of who is removed": {
      to: ["GET /v1/workspace", "GET /v1/keysets/"],
      json: async (answer, scene) => {
        await withMember(answer.rosters, scene)
        if (answer.manifests === undefined) return
        const { clientId, kemPk } = await scene.insider.outsider.publicKeys()
        const newest = answer.manifests.pop()
        const { members, previousHash, revision } = newest
        const extra = { clientId, kemPk: Buffer.from(kemPk).toString("base64url"), mode: "read", label: "service" }
        members.push(extra)
        members.sort((a: { clientId: string }, b: { clientId: string }) => (a.clientId < b.clientId ? -1 : 1))
        const hash = Buffer.from(rosterFormat.hash(rosterFormat.parse(roster))).toString("base64url")
        const signerId = scene.member.clientId
        answer.manifests.push({ ...newest, members, previousHash, revision, rosterSeq: 2, rosterHash: hash, signerId })
      },
    },
  },
  signedNews: true,
  refused: { code: "keyset_verification_failed", check: "signature" },
}
