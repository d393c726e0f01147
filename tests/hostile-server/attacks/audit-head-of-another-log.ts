import { parseCheckpoint, signCheckpoint } from "@halfkey/core/formats/checkpoint"
import { signingKeyFromSeed } from "@halfkey/core/primitives/ed25519"
import type { Attack, Lie } from "../attack.ts"

const other = signingKeyFromSeed(new Uint8Array(32).fill(3))

const withOrigin = (origin: string): Lie => ({
  json: (answer) => {
    answer.checkpoint = signCheckpoint({ ...parseCheckpoint(answer.checkpoint), origin }, other)
  },
})

export const attack: Attack = {
  tries: "show the head of another workspace's audit log, or of no log at all",
  calls: ["audit head"],
  clients: ["fresh", "remembering"],
  lies: {
    "of another workspace": withOrigin(`halfkey/${"A".repeat(26)}/1`),
    "of something else": withOrigin("go.sum"),
    "of incarnation 0": withOrigin(`halfkey/${"A".repeat(26)}/0`),
  },
  refused: { code: "audit_verification_failed", check: "origin" },
}
