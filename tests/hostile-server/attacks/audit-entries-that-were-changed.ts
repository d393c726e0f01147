import type { Attack, Json, Lie } from "../attack.ts"

const aboutEntries = (change: (entries: Json) => unknown): Lie => ({ json: ({ entries }) => change(entries) })

export const attack: Attack = {
  tries: "show an audit log in which an entry is other than it was, missing, added or moved",
  calls: ["verify audit"],
  clients: ["fresh", "remembering", "cli"],
  lies: {
    "another outcome": aboutEntries((entries) => {
      entries[3].entry = entries[3].entry.replace('"outcome":"allowed"', '"outcome":"denied"')
    }),
    "one left out": aboutEntries((entries) => entries.splice(3, 1)),
    "one left out, the others moved up": aboutEntries((entries) => {
      entries.splice(3, 1)
      for (const entry of entries.slice(3)) entry.index -= 1
    }),
    "one twice": aboutEntries((entries) => entries.splice(3, 0, entries[3])),
    "two changed places": aboutEntries((entries) => {
      const [third, fourth] = [entries[3].entry, entries[4].entry]
      entries[3].entry = fourth
      entries[4].entry = third
    }),
    "all of them gone": { json: (answer) => Object.assign(answer, { entries: [], next: undefined }) },
  },
  refused: { code: "audit_verification_failed", check: "entries" },
}
