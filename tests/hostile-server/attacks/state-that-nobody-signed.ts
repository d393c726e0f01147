import type { Attack, Json, Lie } from "../attack.ts"

const listed = (changes: Json): Lie => ({
  to: ["GET /v1/keysets"],
  json: ({ keysets }) => {
    for (const keyset of keysets ?? []) if (keyset.name === "staging") Object.assign(keyset, changes)
  },
})
const time = "2026-01-31T00:00:00.000Z"

export const attack: Attack = {
  tries: "say of an environment that it is disabled or destroyed, so that it is given up, or left out of a rotation",
  calls: ["list states"],
  clients: ["fresh", "remembering"],
  lies: {
    disabled: listed({ state: "disabled" }),
    destroyed: listed({ state: "destroyed", undoUntil: "9999-01-31T00:00:00.000Z" }),
    "destroyed for good": listed({ state: "destroyed", undoUntil: time, purgedAt: time }),
  },
  refused: "harmless",
}
