import type { Attack, Json, Lie } from "../attack.ts"

const listing = (change: (answer: Json) => unknown): Lie => ({ to: ["GET /v1/keysets"], json: change })
const inStaging = (keyset: Json) => keyset.name === "staging"

export const attack: Attack = {
  tries:
    "hide an environment from a revocation, so that its manifest goes on listing the client and later halves are sealed to it",
  calls: ["revoke"],
  clients: ["remembering", "cli"],
  lies: {
    "left out of the list": listing((answer) => {
      if (answer.keysets) answer.keysets = answer.keysets.filter((keyset: Json) => !inStaging(keyset))
    }),
    "said to be none of the admin's": listing(({ keysets }) => {
      for (const keyset of keysets?.filter(inStaging) ?? []) keyset.mode = null
    }),
    "said to be disabled": listing(({ keysets }) => {
      for (const keyset of keysets?.filter(inStaging) ?? []) keyset.state = "disabled"
    }),
    "listed under another name": listing(({ keysets }) => {
      for (const keyset of keysets?.filter(inStaging) ?? []) keyset.name = "development"
    }),
    "said to be destroyed": listing(({ keysets }) => {
      for (const keyset of keysets?.filter(inStaging) ?? []) keyset.state = "destroyed"
    }),
  },
  refused: "harmless",
}
