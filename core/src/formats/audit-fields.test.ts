import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { property } from "../testing/property.ts"
import { encodeAuditFields, parseAuditFields } from "./audit-fields.ts"
import { HalfkeyError } from "./errors.ts"

const text = (maxLength: number) =>
  fc
    .string({ unit: "grapheme", minLength: 1, maxLength })
    .filter((each) => each.length <= maxLength && !/\p{Cc}|\p{Zl}|\p{Zp}/u.test(each))

property(
  "what is encoded is read again, and fits into a header",
  fc.record({ reason: text(500), ticket: text(100) }, { requiredKeys: [] }),
  (fields) => {
    if (Object.keys(fields).length === 0) return
    const header = encodeAuditFields(fields)
    assert.match(header, /^[\x21-\x7e]+$/)
    assert.deepEqual(parseAuditFields(header), { ...fields })
  },
)

test("the longest texts of the longest characters fit", () => {
  const fields = { reason: "\u65e5".repeat(500), ticket: "\uffee".repeat(100) }
  assert.deepEqual(parseAuditFields(encodeAuditFields(fields)), fields)
})

test("everything else is refused, and says why", () => {
  const cases: readonly (readonly [text: string, why: RegExp])[] = [
    ["", /is not reason=/],
    ["reason", /is not reason=/],
    ["reason=a=b", /is not reason=/],
    ["reason=", /a reason that is empty/],
    ["reason=a&reason=b", /reason twice/],
    ["__proto__=a", /reason and ticket only/],
    ["user=me", /reason and ticket only/],
    ["reason=%ff", /percent-encoded UTF-8/],
    ["reason=a%0ab", /control character/],
    ["reason=%1b[2J", /control character/],
    [`reason=${"x".repeat(501)}`, /more than 500/],
    [`ticket=${"x".repeat(101)}`, /more than 100/],
    [`reason=${"%41".repeat(1810)}`, /longer than 5415/],
  ]
  for (const [given, why] of cases) {
    assert.throws(
      () => parseAuditFields(given),
      (error) => error instanceof HalfkeyError && error.code === "invalid_request" && why.test(error.message),
      given,
    )
  }
  assert.throws(() => encodeAuditFields({ reason: "a\nb" }), /control character/)
  assert.throws(() => encodeAuditFields({ ticket: "" }), /is empty/)
  assert.throws(() => encodeAuditFields({ reason: "\ud800" }), /half of a character/)
})
