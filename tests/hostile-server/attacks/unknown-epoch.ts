import { type Attack, aboutRecord } from "../attack.ts"

const withEpoch = (text: string, epoch: number) => {
  const bytes = Buffer.from(text, "base64url")
  bytes.writeUInt32LE(epoch, 20)
  return bytes.toString("base64url")
}

export const attack: Attack = {
  tries: "give a record of an epoch that no signed manifest lists",
  calls: ["get", "get of two", "read of all"],
  lies: {
    "a later one": aboutRecord((record) => {
      record.record = withEpoch(record.record, 2)
    }),
    "the last one that there can be": aboutRecord((record) => {
      record.record = withEpoch(record.record, 0xffff_ffff)
    }),
  },
  refused: { code: "record_verification_failed", check: "epoch" },
}
