import { type Attack, aboutRecord, flipped } from "../attack.ts"

export const attack: Attack = {
  tries: "change a byte that the data key depends on",
  calls: ["get"],
  lies: {
    "of the salt": aboutRecord((record) => {
      record.record = flipped(record.record, 40)
    }),
    "of the key id": aboutRecord((record) => {
      record.record = flipped(record.record, 24)
    }),
    "of the commitment": aboutRecord((record) => {
      record.record = flipped(record.record, 56)
    }),
    "of the commitment's end": aboutRecord((record) => {
      record.record = flipped(record.record, 87)
    }),
  },
  refused: { code: "record_verification_failed", check: "commit" },
  refusedByMemory: { code: "record_verification_failed", check: "freshness" },
}
