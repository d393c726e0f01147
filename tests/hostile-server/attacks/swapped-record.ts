import { type Attack, aboutRecord } from "../attack.ts"

export const attack: Attack = {
  tries: "give the value of another name",
  calls: ["get", "get of two"],
  lies: {
    "record and seed": aboutRecord((record, { truths }) => {
      const { keySeed, record: other } = truths.now[record.name === "A" ? "production B" : "production A"].records[0]
      Object.assign(record, { keySeed, record: other })
    }),
  },
  refused: { code: "record_verification_failed", check: "commit" },
  refusedByMemory: { code: "record_verification_failed", check: "freshness" },
}
