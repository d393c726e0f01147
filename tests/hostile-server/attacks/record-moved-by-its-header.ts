import { type Attack, aboutRecord } from "../attack.ts"

export const attack: Attack = {
  tries: "write this environment's id into the header of another environment's record",
  calls: ["get"],
  lies: {
    "record and seed": aboutRecord((record, { insider, truths }) => {
      const { keySeed, record: other } = truths.now["staging A"].records[0]
      const bytes = Buffer.from(other, "base64url")
      bytes.write(insider.keyset("production").keysetId.replaceAll("-", ""), 4, "hex")
      Object.assign(record, { keySeed, record: bytes.toString("base64url") })
    }),
  },
  refused: { code: "record_verification_failed", check: "commit" },
  refusedByMemory: { code: "record_verification_failed", check: "freshness" },
}
