import { type Attack, aboutRecord } from "../attack.ts"

export const attack: Attack = {
  tries: "give another version than the one asked for, under its number",
  calls: ["get of version 1"],
  lies: {
    "the newest as version 1": aboutRecord((record, { truths }) => {
      const { keySeed, record: newest } = truths.now["production A"].records[0]
      Object.assign(record, { keySeed, record: newest })
    }),
  },
  refused: { code: "record_verification_failed", check: "commit" },
}
