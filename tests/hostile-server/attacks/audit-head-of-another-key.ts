import { parseCheckpoint, signCheckpoint } from "@halfkey/core/formats/checkpoint"
import { signingKeyFromSeed } from "@halfkey/core/primitives/ed25519"
import type { Attack } from "../attack.ts"

const other = signingKeyFromSeed(new Uint8Array(32).fill(3))

export const attack: Attack = {
  tries: "sign the head of the audit log with a key that the roster does not name",
  calls: ["audit head"],
  lies: {
    "the same head": {
      json: (answer) => {
        answer.checkpoint = signCheckpoint(parseCheckpoint(answer.checkpoint), other)
      },
    },
    "another root": {
      json: (answer) => {
        answer.checkpoint = signCheckpoint({ ...parseCheckpoint(answer.checkpoint), rootHash: other.publicKey }, other)
      },
    },
    "a size more, under the signature of before": {
      json: (answer) => {
        const { size } = parseCheckpoint(answer.checkpoint)
        answer.checkpoint = answer.checkpoint.replace(`\n${size}\n`, `\n${size + 1}\n`)
      },
    },
  },
  refused: { code: "audit_verification_failed", check: "signature" },
}
