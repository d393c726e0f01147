import { type Attack, aboutRecord, clientsWithMemory } from "../attack.ts"

export const attack: Attack = {
  tries: "go back to an older value, really sealed for its number",
  calls: ["get", "get of two"],
  clients: clientsWithMemory,
  lies: {
    "with its number": aboutRecord((record, { truths }) => Object.assign(record, truths.before.records[0])),
  },
  refused: { code: "record_verification_failed", check: "freshness" },
}
