import { type Attack, aboutRecord, flipped } from "../attack.ts"

const resized = (text: string, by: number) => {
  const bytes = Buffer.from(text, "base64url")
  return Buffer.concat([bytes.subarray(0, bytes.length + Math.min(by, 0)), Buffer.alloc(Math.max(by, 0))]).toString(
    "base64url",
  )
}

export const attack: Attack = {
  tries: "change, shorten or lengthen a ciphertext whose data key is the right one",
  calls: ["get"],
  lies: {
    "a changed byte": aboutRecord((record) => {
      record.record = flipped(record.record, 88)
    }),
    "a changed tag": aboutRecord((record) => {
      record.record = flipped(record.record, -1)
    }),
    "without its last byte": aboutRecord((record) => {
      record.record = resized(record.record, -1)
    }),
    "a block less": aboutRecord((record) => {
      record.record = resized(record.record, -64)
    }),
    "zeros behind it": aboutRecord((record) => {
      record.record = resized(record.record, 16)
    }),
  },
  refused: { code: "record_verification_failed", check: "ciphertext" },
  refusedByMemory: { code: "record_verification_failed", check: "freshness" },
}
