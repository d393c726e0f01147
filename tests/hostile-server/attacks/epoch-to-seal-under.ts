import type { Attack } from "../attack.ts"

export const attack: Attack = {
  tries: "make a client seal under another epoch than the newest of the signed manifest",
  calls: ["set", "set of a seen one", "delete"],
  lies: {
    "one that nobody signed": {
      json: (answer) => {
        answer.epoch = 2
      },
    },
    "the last one that there can be": {
      json: (answer) => {
        answer.epoch = 0xffff_ffff
      },
    },
  },
  refused: { code: "keyset_verification_failed", check: "epoch" },
}
