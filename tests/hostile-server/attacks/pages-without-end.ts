import { type Attack, aboutRead } from "../attack.ts"

export const attack: Attack = {
  tries: "make a read of all come to no end, or give it twice, out of order or with others",
  calls: ["read of all"],
  clients: ["fresh", "warm", "cli"],
  lies: {
    "out of order": aboutRead(({ records }) => records.reverse()),
    "a secret twice": aboutRead(({ records }) => records.push(records.at(-1))),
    "a next page that goes back": aboutRead((answer) => {
      answer.next = "A"
    }),
    "the same page again": aboutRead((answer) => {
      answer.next = "Z"
    }),
    "empty pages": aboutRead((answer) => {
      answer.records = []
      answer.next = "A"
    }),
    "missing ones, though none was named": aboutRead(({ missing }) => missing.push({ name: "B" })),
    "put off ones, though none was named": aboutRead(({ rest }) => rest.push({ name: "B" })),
  },
  refused: { code: "invalid_response", says: /order|goes back|not asked for/ },
}
