import { type Attack, aboutRecord, flipped } from "../attack.ts"

const cut = (text: string, length: number) => Buffer.from(text, "base64url").subarray(0, length).toString("base64url")

export const attack: Attack = {
  tries: "give bytes that are no record",
  calls: ["get"],
  lies: {
    "another suite": aboutRecord((record) => {
      record.record = flipped(record.record, 3)
    }),
    "another magic": aboutRecord((record) => {
      record.record = flipped(record.record, 0)
    }),
    "epoch 0": aboutRecord((record) => {
      record.record = flipped(record.record, 20)
    }),
    "cut off in the header": aboutRecord((record) => {
      record.record = cut(record.record, 50)
    }),
    "cut off before the least length": aboutRecord((record) => {
      record.record = cut(record.record, 135)
    }),
    empty: aboutRecord((record) => {
      record.record = ""
    }),
  },
  refused: { code: "record_verification_failed", check: "format" },
}
