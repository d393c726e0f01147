import type { Attack } from "../attack.ts"

const answer = (change: object) => ({ json: (json: object) => Object.assign(json, change) })

export const attack: Attack = {
  tries: "answer questions about the audit log with what is no entry, no page and no end",
  calls: ["list audit"],
  clients: ["fresh"],
  lies: {
    "no list": answer({ entries: {} }),
    "an entry that is an object": answer({ entries: [{ index: 0, entry: {} }] }),
    "a negative index": answer({ entries: [{ index: -1, entry: "{}" }] }),
    "an index that is text": answer({ entries: [{ index: "0", entry: "{}" }] }),
    "a next page that is text": answer({ next: "0" }),
    "archives that are none": answer({ archived: [{ first: 0 }] }),
    "an archive whose name moves the cursor": answer({ archived: [{ first: 0, last: 1, file: "\u001b[2J" }] }),
  },
  refused: { code: "invalid_response", says: /answer\./ },
}
