import type { Attack, Json, Lie } from "../attack.ts"

const stale = (change: (records: Json[]) => unknown): Lie => ({ json: ({ records }) => void change(records) })
const of = (records: Json[], name: string): Json => records.find((each) => each.name === name)

export const attack: Attack = {
  tries: "have a member who rotates seal one value in the place of another, under the new epoch",
  calls: ["rotate to the end"],
  lies: {
    "another secret's record": stale((records) => {
      of(records, "R2").record = of(records, "R1").record
    }),
    "another version's record": stale((records) => {
      const [older, newer] = records.filter(({ name }) => name === "R1")
      newer.record = older.record
      newer.keySeed = older.keySeed
    }),
    "another name": stale((records) => {
      of(records, "R2").name = "R3"
    }),
    "another record's seed": stale((records) => {
      of(records, "R2").keySeed = of(records, "R1").keySeed
    }),
  },
  refused: { code: "record_verification_failed", check: "commit" },
}
