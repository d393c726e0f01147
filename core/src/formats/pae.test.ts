// Vectors are in spec/vectors/pae.json; here is what holds for all inputs.
import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { concatBytes, fromUtf8, le64, toHex, utf8 } from "../primitives/bytes.ts"
import { bytes, property } from "../testing/property.ts"
import { type PaeField, pae, paeList } from "./pae.ts"

/** Takes an encoding apart again: that this is possible is why two lists of fields never share one. */
function decode(encoded: Uint8Array): Uint8Array[] {
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength)
  const parts: Uint8Array[] = []
  let offset = 8
  for (let left = view.getBigUint64(0, true); left > 0n; left--) {
    const length = Number(view.getBigUint64(offset, true))
    parts.push(encoded.slice(offset + 8, offset + 8 + length))
    offset += 8 + length
  }
  assert.equal(offset, encoded.length)
  return parts
}

const label = fc.string({ unit: "grapheme-ascii", maxLength: 12 })
const fields = fc.array(bytes(0, 20), { maxLength: 6 })

property("label and fields can be read back from the bytes", fc.tuple(label, fields), ([name, values]) => {
  const [first, ...rest] = decode(pae(name, ...values))
  assert.equal(fromUtf8(first as Uint8Array), `halfkey/v1/${name}`)
  assert.deepEqual(rest, values)
})

property(
  "different labels or fields have different bytes, whatever their borders",
  fc.tuple(label, fields, label, fields),
  ([leftName, left, rightName, right]) => {
    const same =
      leftName === rightName &&
      left.length === right.length &&
      left.every((value, i) => toHex(value) === toHex(right[i] as Uint8Array))
    assert.equal(toHex(pae(leftName, ...left)) === toHex(pae(rightName, ...right)), same)
  },
)

property(
  "bytes never move between neighbouring fields",
  fc.tuple(bytes(1, 12), fc.nat(12), fc.nat(12)),
  ([all, i, j]) => {
    const [left, right] = [Math.min(i, all.length), Math.min(j, all.length)]
    const cut = (at: number) => toHex(pae("x", all.subarray(0, at), all.subarray(at)))
    assert.equal(cut(left) === cut(right), left === right)
  },
)

property(
  "strings, integers and absent fields are the bytes that the specification says",
  fc.tuple(fc.string(), fc.maxSafeNat()),
  ([text, number]) => {
    assert.deepEqual(pae("x", text, number, undefined), pae("x", utf8(text), le64(number), new Uint8Array(0)))
  },
)

const items = fc.array(fc.array(bytes(0, 8), { maxLength: 3 }), { maxLength: 4 })

property(
  "different lists have different bytes, whatever the borders of their items",
  fc.tuple(items, items),
  ([left, right]) => {
    const encode = (list: Uint8Array[][]) => toHex(pae("x", paeList(list.map((item) => pae("x/item", ...item)))))
    const shape = (list: Uint8Array[][]) => JSON.stringify(list.map((item) => item.map(toHex)))
    assert.equal(encode(left) === encode(right), shape(left) === shape(right))
  },
)

test("a list is its count, then each item with its length", () => {
  const item = pae("x/item", "a")
  assert.deepEqual(paeList([]), le64(0))
  assert.deepEqual(paeList([item, item]), concatBytes(le64(2), le64(item.length), item, le64(item.length), item))
})

test("what has no bytes of its own is refused", () => {
  const refused: PaeField[] = ["\ud800", "a\udfff", -1, 0.5, 2 ** 53, Number.NaN]
  for (const field of refused) assert.throws(() => pae("x", field), RangeError)
})

test("the bytes given are copied", () => {
  const field = new Uint8Array([1])
  const encoded = pae("x", field)
  field.fill(9)
  assert.equal(encoded.at(-1), 1)
})
