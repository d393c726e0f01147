import { type Attack, aboutRecord } from "../attack.ts"

export const attack: Attack = {
  tries: "give what a broken or hostile member sealed: neither a value nor a deletion",
  calls: ["get"],
  lies: {
    "an unknown type": aboutRecord((record, { insider }) => {
      record.version += 1
      record.record = insider.record("production", record, Buffer.from("\u0002value"))
    }),
    "a deletion with a value": aboutRecord((record, { insider }) => {
      record.version += 1
      record.deleted = true
      record.record = insider.record("production", record, Buffer.from("\u0001value"))
    }),
    "nothing at all": aboutRecord((record, { insider }) => {
      record.version += 1
      record.record = insider.record("production", record, new Uint8Array(0))
    }),
  },
  refused: { code: "record_verification_failed", check: "type" },
}
