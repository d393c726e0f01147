import { type Attack, flipped, type Json } from "../attack.ts"

const to = ["POST /v1/recovery/read"]
const grants = ({ keysets }: Json): Json[] => keysets[0].recoveryGrants

export const attack: Attack = {
  tries:
    "keep back or replace what the recovery kit opens, so that halves are lost or others are sealed to the new admin",
  calls: ["recover"],
  clients: ["fresh", "cli"],
  lies: {
    missing: { to, json: (answer) => void grants(answer).splice(0) },
    garbage: {
      to,
      json: (answer) => {
        const [grant] = grants(answer)
        grant.sealedHalf = flipped(grant.sealedHalf, 5)
      },
    },
    "that of another environment": {
      to,
      json: (answer) => {
        const { enc, sealedHalf } = answer.keysets[1].recoveryGrants[0]
        Object.assign(grants(answer)[0], { enc, sealedHalf })
      },
    },
    "of another epoch": {
      to,
      json: (answer) => {
        grants(answer)[0].epoch = 2
      },
    },
  },
  refused: { code: "keyset_verification_failed", check: "recovery" },
  sends: ["POST /v1/recovery/read"],
}
