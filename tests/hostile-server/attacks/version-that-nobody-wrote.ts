import { type Attack, aboutRecord } from "../attack.ts"

export const attack: Attack = {
  tries: "give a value under a number that it was not sealed for",
  calls: ["get"],
  lies: {
    "one more": aboutRecord((record) => {
      record.version += 1
    }),
    "the highest": aboutRecord((record) => {
      record.version = Number.MAX_SAFE_INTEGER
    }),
  },
  refused: { code: "record_verification_failed", check: "commit" },
}
