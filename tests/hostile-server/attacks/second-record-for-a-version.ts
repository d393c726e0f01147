import { type Attack, aboutRecord, clientsWithMemory } from "../attack.ts"

export const attack: Attack = {
  tries: "show another record of a version seen before, which a member really sealed",
  calls: ["get"],
  clients: clientsWithMemory,
  lies: {
    "another value": aboutRecord((record, { insider }) => {
      record.record = insider.record("production", record, Buffer.from("\0other"))
    }),
    "a deletion": aboutRecord((record, { insider }) => {
      record.record = insider.record("production", record, Buffer.from([1]))
      record.deleted = true
    }),
  },
  refused: { code: "record_verification_failed", check: "freshness" },
}
