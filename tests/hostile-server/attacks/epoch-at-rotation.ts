import type { Attack, Lie } from "../attack.ts"

const stale = (by: number): Lie => ({
  json: (answer) => {
    answer.epoch += by
  },
})

export const attack: Attack = {
  tries: "have a member who rotates seal everything under an epoch that no granter signed, or under the old one again",
  calls: ["rotate to the end"],
  lies: { "one that nobody signed": stale(1), "the old one": stale(-1) },
  refused: { code: "keyset_verification_failed", check: "epoch" },
}
