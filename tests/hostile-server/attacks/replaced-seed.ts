import { type Attack, aboutRecord, flipped } from "../attack.ts"

export const attack: Attack = {
  tries: "give another key seed beside a true record",
  calls: ["get", "get of two", "read of all"],
  lies: {
    "another record's": aboutRecord((record, { truths }) => {
      record.keySeed = truths.now[record.name === "A" ? "production B" : "production A"].records[0].keySeed
    }),
    "with a changed byte": aboutRecord((record) => {
      record.keySeed = flipped(record.keySeed, 31)
    }),
    zeros: aboutRecord((record) => {
      record.keySeed = "A".repeat(43)
    }),
  },
  refused: { code: "record_verification_failed", check: "commit" },
}
