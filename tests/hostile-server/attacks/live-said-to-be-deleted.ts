import { type Attack, aboutRecord } from "../attack.ts"

export const attack: Attack = {
  tries: "say that a live secret is deleted",
  calls: ["get", "get of two"],
  lies: {
    "by the flag": aboutRecord((record) => {
      record.deleted = true
    }),
  },
  refused: { code: "record_verification_failed", check: "type" },
}
