import type { Attack, Json, Lie } from "../attack.ts"

/** Tells only the second process. */
const toTheSecond = (change: (answer: Json, scene: Parameters<NonNullable<Lie["json"]>>[1]) => unknown): Lie => ({
  json: (answer, scene, { headers }) => {
    if (headers["user-agent"] === "second") return change(answer, scene)
    return undefined
  },
})

export const attack: Attack = {
  tries: "show two processes that share a memory two histories, before either has anything to compare with",
  calls: ["get by two processes"],
  clients: ["fresh"],
  lies: {
    "two manifests of one revision": toTheSecond(({ keyset }, { insider }) => {
      keyset.manifests = [insider.manifest(keyset.manifests.at(-1), { createdAt: 0 })]
    }),
    "two rosters of one number": toTheSecond(async ({ keyset }, { insider }) => {
      const { rosterFormat } = await import("@halfkey/core/formats/roster")
      keyset.rosters = [insider.roster(keyset.rosters[0], { createdAt: 0 })]
      const rosterHash = rosterFormat.hash(rosterFormat.parse(keyset.rosters[0]))
      keyset.manifests = [insider.manifest(keyset.manifests.at(-1), { rosterHash })]
    }),
  },
  refused: { code: "keyset_verification_failed", check: "freshness" },
}
