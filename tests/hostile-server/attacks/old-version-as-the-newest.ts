import { type Attack, aboutRecord } from "../attack.ts"

export const attack: Attack = {
  tries: "give an old value under the number of the newest version",
  calls: ["get", "get of two"],
  lies: {
    "record and seed": aboutRecord((record, { truths }) => {
      const { keySeed, record: old } = truths.before.records[0]
      Object.assign(record, { keySeed, record: old })
    }),
  },
  refused: { code: "record_verification_failed", check: "commit" },
  refusedByMemory: { code: "record_verification_failed", check: "freshness" },
}
