/** The body of a fused read. Records never change once made, so that their JSON is written once and kept with them. */
import type { ReadResponse } from "@halfkey/core/wire/secrets"

type ReadRecord = ReadResponse["records"][number]

/** UTF-8 of a record's JSON and a comma. */
const recordBytes = new WeakMap<ReadRecord, Buffer>()

/** JSON of the answer as UTF-8, as `JSON.stringify` would write it. */
export function readAnswerBytes({ keyset, records, missing, rest, next }: ReadResponse): Buffer {
  const head = Buffer.from(`{${keyset === undefined ? "" : `"keyset":${JSON.stringify(keyset)},`}"records":[`)
  const tail = Buffer.from(`],${JSON.stringify({ missing, rest, next }).slice(1)}`)
  const parts: Buffer[] = [head]
  let length = head.length + tail.length
  for (const record of records) {
    const bytes = bytesOf(record)
    parts.push(bytes)
    length += bytes.length
  }
  const body = Buffer.allocUnsafe(length)
  let offset = 0
  for (const part of parts) {
    body.set(part, offset)
    offset += part.length
  }
  // No comma follows the last record.
  if (records.length > 0) offset -= 1
  body.set(tail, offset)
  return body.subarray(0, offset + tail.length)
}

function bytesOf(record: ReadRecord): Buffer {
  let bytes = recordBytes.get(record)
  if (bytes === undefined) {
    bytes = Buffer.from(`${JSON.stringify(record)},`)
    recordBytes.set(record, bytes)
  }
  return bytes
}
