/** The body of a fused read. Records never change once made, so that their JSON is written once and kept with them. */
import type { ReadResponse } from "@halfkey/core/wire/secrets"

type ReadRecord = ReadResponse["records"][number]

/** UTF-8 of a record's JSON and a comma. */
const recordBytes = new WeakMap<ReadRecord, Buffer>()

/** Bodies of answers that hold records only, by the list of records: the vault gives the same list for the same answer. */
const bodies = new WeakMap<ReadResponse["records"], Buffer>()
/** Longer bodies are put together for each answer. */
const keptBodyLength = 256 * 1024

/** JSON of the answer as UTF-8, as `JSON.stringify` would write it. */
export function readAnswerBytes(answer: ReadResponse): Buffer {
  const { keyset, records, missing, rest, next } = answer
  const isPlain = keyset === undefined && missing.length + rest.length === 0 && next === null
  const known = isPlain ? bodies.get(records) : undefined
  if (known !== undefined) return known
  const body = assembled(answer)
  if (isPlain && body.length <= keptBodyLength) bodies.set(records, body)
  return body
}

function assembled({ keyset, records, missing, rest, next }: ReadResponse): Buffer {
  const head = Buffer.from(`{${keyset === undefined ? "" : `"keyset":${JSON.stringify(keyset)},`}"records":[`)
  const tail = Buffer.from(`],${JSON.stringify({ missing, rest, next }).slice(1)}`)
  const parts = records.map(bytesOf)
  const body = Buffer.concat([head, ...parts, tail])
  // No comma follows the last record.
  if (parts.length === 0) return body
  tail.copy(body, body.length - tail.length - 1)
  return body.subarray(0, -1)
}

function bytesOf(record: ReadRecord): Buffer {
  let bytes = recordBytes.get(record)
  if (bytes === undefined) {
    bytes = Buffer.from(`${JSON.stringify(record)},`)
    recordBytes.set(record, bytes)
  }
  return bytes
}
