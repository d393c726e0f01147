import { type Attack, aboutRecord } from "../attack.ts"

export const attack: Attack = {
  tries: "give a key seed that is none",
  calls: ["get"],
  clients: ["fresh", "cli"],
  lies: {
    "too short": aboutRecord((record) => {
      record.keySeed = record.keySeed.slice(0, 42)
    }),
    "too long": aboutRecord((record) => {
      record.keySeed = "A".repeat(64)
    }),
    empty: aboutRecord((record) => {
      record.keySeed = ""
    }),
    none: aboutRecord((record) => {
      record.keySeed = null
    }),
    padded: aboutRecord((record) => {
      record.keySeed += "="
    }),
  },
  refused: { code: "invalid_response", says: /keySeed/ },
}
