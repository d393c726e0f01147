import { type Attack, aboutRead } from "../attack.ts"

export const attack: Attack = {
  tries: "answer something else than what was asked",
  calls: ["get"],
  clients: ["fresh", "warm", "cli"],
  lies: {
    "another name": aboutRead((answer, { truths }) => {
      answer.records = truths.now["production B"].records
    }),
    "a name too many": aboutRead(({ records }, { truths }) => records.push(truths.now["production B"].records[0])),
    "the name twice": aboutRead(({ records }) => records.push(records[0])),
    "found and missing": aboutRead(({ missing }) => missing.push({ name: "A" })),
    nothing: aboutRead((answer) => {
      answer.records = []
    }),
    "put off": aboutRead((answer) => {
      answer.records = []
      answer.rest = [{ name: "A" }]
    }),
    "put off in another name": aboutRead(({ rest }) => rest.push({ name: "B" })),
    "a name that cannot be": aboutRead(({ records }) => {
      records[0].name = "A\n"
    }),
    "a name that is a path": aboutRead(({ records }) => {
      records[0].name = "../A"
    }),
    "version 0": aboutRead(({ records }) => {
      records[0].version = 0
    }),
    "a version that is text": aboutRead(({ records }) => {
      records[0].version = "2"
    }),
    "a version beyond what numbers hold": aboutRead(({ records }) => {
      records[0].version = 2 ** 53
    }),
    "no id": aboutRead(({ records }) => delete records[0].id),
    "a time that is none": aboutRead(({ records }) => {
      records[0].createdAt = "yesterday"
    }),
    "records that are no list": aboutRead((answer) => {
      answer.records = { 0: answer.records[0] }
    }),
    "a next page that is a number": aboutRead((answer) => {
      answer.next = 1
    }),
  },
  refused: { code: "invalid_response", says: /answer is not usable/ },
}
