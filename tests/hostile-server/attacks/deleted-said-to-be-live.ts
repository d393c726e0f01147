import { type Attack, aboutRecord } from "../attack.ts"

export const attack: Attack = {
  tries: "say that a deleted secret is live",
  calls: ["get of a deleted one"],
  lies: {
    "by the flag": aboutRecord((record) => {
      record.deleted = false
    }),
  },
  refused: { code: "record_verification_failed", check: "type" },
}
