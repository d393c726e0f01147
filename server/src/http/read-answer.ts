/** The body of a fused read. Records never change once made, so that their JSON is written once and kept with them. */
import type { ReadResponse } from "@halfkey/core/wire/secrets"

type ReadRecord = ReadResponse["records"][number]

const recordTexts = new WeakMap<ReadRecord, string>()

/** JSON of the answer, as `JSON.stringify` would write it. */
export function readAnswerText(answer: ReadResponse): string {
  const { keyset, records, missing, rest, next } = answer
  let texts = ""
  for (const record of records) texts += texts === "" ? recordText(record) : `,${recordText(record)}`
  const others = JSON.stringify({ missing, rest, next }).slice(1)
  return `{${keyset === undefined ? "" : `"keyset":${JSON.stringify(keyset)},`}"records":[${texts}],${others}`
}

function recordText(record: ReadRecord): string {
  let text = recordTexts.get(record)
  if (text === undefined) {
    text = JSON.stringify(record)
    recordTexts.set(record, text)
  }
  return text
}
