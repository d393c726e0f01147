/** Vectors of fields (S15): values of every type as bytes, payloads as they stand in a database, and what is refused. */
import { sealRecord } from "@halfkey/core/client/record-crypto"
import { encryptedPayload } from "@halfkey/core/formats/field-payload"
import { encodeFieldValue, type FieldType, type FieldValues } from "@halfkey/core/formats/field-value"
import { type FieldContext, unboundRow } from "@halfkey/core/formats/record-context"
import { unbase64url } from "../../tests/vectors/independent.ts"
import { fixed, hex, turned } from "./fixed.ts"
import { halfOf, keysetId, workspaceId } from "./world.ts"

const epoch = 3
const keys = { clientHalf: halfOf(epoch), keySeed: fixed("key seed of fields") }

/** A value as JSON can hold it: what a port makes of it is its own `date`, `bigint` and so on. */
type Shown = string | boolean | object | null

const texts: { readonly [Type in FieldType]: (value: FieldValues[Type]) => Shown } = {
  text: (value) => value,
  // JSON has neither NaN nor infinities.
  number: (value) => (Object.is(value, -0) ? "-0" : `${value}`),
  boolean: (value) => value,
  date: (value) => `${value.getTime()}`,
  bigint: (value) => `${value}`,
  json: (value) => JSON.stringify(value),
  bytes: (value) => hex(value),
}

function fieldCase<Type extends FieldType>(
  type: Type,
  value: FieldValues[Type],
  row: string | typeof unboundRow = "42",
) {
  const name = `${type} ${texts[type](value)}`
  const context: FieldContext = { purpose: "field", workspaceId, keysetId, table: "users", column: `a_${type}`, row }
  const plaintext = encodeFieldValue(type, value)
  const input = { keyId: fixed(`key id of ${name}`, 16), random32: fixed(`random32 of ${name}`), epoch }
  const record = sealRecord({ context, plaintext, ...keys, ...input })
  return {
    type,
    value: texts[type](value),
    context: { ...context, row: row === unboundRow ? null : row },
    keyId: hex(input.keyId),
    random32: hex(input.random32),
    plaintext: hex(plaintext),
    payload: encryptedPayload(record),
  }
}

export function fieldVectors() {
  const cases = [
    fieldCase("text", "ada@example.com"),
    fieldCase("text", ""),
    fieldCase("text", "Grüße 🔑", unboundRow),
    ...[0, -0, 1.5, -1e300, 5e-324, Number.NaN, Number.NEGATIVE_INFINITY].map((value) => fieldCase("number", value)),
    ...[true, false].map((value) => fieldCase("boolean", value)),
    ...[0, -1, 1_769_817_600_000, 8.64e15, -8.64e15].map((value) => fieldCase("date", new Date(value))),
    ...[0n, -1n, 2n ** 64n, -(10n ** 40n)].map((value) => fieldCase("bigint", value)),
    fieldCase("json", { b: [1, "ü", null, true], a: { "2": -1.5e-7 } }),
    fieldCase("bytes", Uint8Array.of(0, 255, 128)),
    fieldCase("bytes", new Uint8Array(0)),
  ]
  const good = cases[0]?.payload ?? { v: 1, e: epoch, c: "" }
  const record = unbase64url(good.c)
  const badPlaintexts = [
    "",
    "00",
    "08",
    "01ff",
    "02",
    "0200000000000000",
    "0302",
    "03",
    "04ffffffffffffff7f",
    "05",
    "052d30",
    "053031",
    "05202031",
    "067b",
    "06",
  ]
  return {
    description:
      "Fields of the Encryption SDK (S15): values of every type, sealed with fixed randomness. `value` of number, date (milliseconds since 1970) and bigint is text, of json its JSON, of bytes hexadecimal. Refused payloads are those of the first case, changed.",
    keys: { clientHalf: hex(keys.clientHalf), keySeed: hex(keys.keySeed) },
    cases,
    refused: {
      payloads: [
        { change: { v: 2 }, check: "format" },
        { change: { v: "1" }, check: "format" },
        { change: { e: 1 }, check: "format" },
        { change: { e: "3" }, check: "format" },
        { change: { x: 1 }, check: "format" },
        { change: { c: `${good.c}=` }, check: "format" },
        { change: { c: good.c.slice(0, 100) }, check: "format" },
        { change: { c: Buffer.from(turned(record, 30)).toString("base64url") }, check: "commit" },
        { change: { c: Buffer.from(turned(record, 100)).toString("base64url") }, check: "ciphertext" },
      ],
      contexts: [
        { change: { table: "admins" }, check: "commit" },
        { change: { column: "email" }, check: "commit" },
        { change: { row: "43" }, check: "commit" },
        { change: { row: null }, check: "commit" },
      ],
      // Opened under the seal, as plaintexts of the type whose byte comes first; of no type otherwise.
      plaintexts: badPlaintexts,
    },
  }
}
