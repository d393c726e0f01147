import { type Attack, aboutRecord } from "../attack.ts"

export const attack: Attack = {
  tries: "give the value that another environment has under the name",
  calls: ["get"],
  lies: {
    "record and seed": aboutRecord((record, { truths }) => {
      const { keySeed, record: other } = truths.now["staging A"].records[0]
      Object.assign(record, { keySeed, record: other })
    }),
  },
  refused: { code: "record_verification_failed", check: "key set" },
  refusedByMemory: { code: "record_verification_failed", check: "freshness" },
}
