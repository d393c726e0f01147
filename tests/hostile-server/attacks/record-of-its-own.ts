import { randomBytes } from "node:crypto"
import { type Attack, aboutRecord } from "../attack.ts"

const half = randomBytes(32)
const forged = Buffer.from("\0http://attacker.example")

export const attack: Attack = {
  tries: "seal a value of its own: it knows every seed, name, id and number, but not the client half",
  calls: ["get"],
  lies: {
    "under a half of its own": aboutRecord((record, { insider }) => {
      record.record = insider.record("production", record, forged, { half })
    }),
    "under zeros": aboutRecord((record, { insider }) => {
      record.record = insider.record("production", record, forged, { half: new Uint8Array(32) })
    }),
  },
  refused: { code: "record_verification_failed", check: "commit" },
  refusedByMemory: { code: "record_verification_failed", check: "freshness" },
}
