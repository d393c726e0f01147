import type { Attack } from "../attack.ts"

export const attack: Attack = {
  tries: "show two processes that share a memory two records of one version, both really sealed by a member",
  calls: ["get by two processes"],
  clients: ["fresh"],
  lies: {
    "two values": {
      json: ({ records }, { insider }, { headers }) => {
        if (headers["user-agent"] !== "second") return
        records[0].record = insider.record("production", records[0], Buffer.from("\0other"))
      },
    },
  },
  refused: { code: "record_verification_failed", check: "freshness" },
}
