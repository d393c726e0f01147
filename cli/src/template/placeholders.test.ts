// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the texts that are read
import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { test } from "node:test"
import fc from "fast-check"
import { braces, dollars, fillTemplate, placesOf, readTemplate, type Syntax } from "./placeholders.ts"

const values: Record<string, string> = { A: "1", "pay/key.x-1": "{{ A }} ${A}", EMPTY: "" }

function filled(text: string, syntax: Syntax): string {
  const template = readTemplate(Buffer.from(text), syntax)
  assert.deepEqual(template.malformed, [], text)
  const lookUp = (name: string) => (name in values ? Buffer.from(values[name] ?? "") : undefined)
  return Buffer.from(fillTemplate(template, lookUp)).toString()
}

test("names in braces become values, which are not searched again", () => {
  for (const [text, expected] of [
    ["", ""],
    ["a\nb", "a\nb"],
    ["{{ A }}", "1"],
    ["{{A}}{{\tA  }}", "11"],
    ["x={{ pay/key.x-1 }};", "x={{ A }} ${A};"],
    ["<{{ EMPTY }}>", "<>"],
    ["{{{{ A }}", "{{ A }}"],
    ["{{{{{{ A }}", "{{1"],
    ["{ A } }} ${A} { {A} }", "{ A } }} ${A} { {A} }"],
    ["{ {{ A }}}", "{ 1}"],
    ["ü{{ A }}€", "ü1€"],
  ] as const) {
    assert.equal(filled(text, braces), expected, text)
  }
})

test("names behind a dollar become values", () => {
  for (const [text, expected] of [
    ["$A $ $$ ${A}", "$A $ $$ 1"],
    ["$${A} $$${A}", "${A} $${A}"],
    ["{{ A }}", "{{ A }}"],
  ] as const) {
    assert.equal(filled(text, dollars), expected, text)
  }
})

test("an opening that begins no place is told by its line", () => {
  const template = readTemplate(Buffer.from("ok\n{{ }}\n{{ A\n}}\n{{ A }} {{ 1A }}\r\n{{{ A }}\n{{ A B }}\n{{"), braces)
  assert.deepEqual(template.malformed, [2, 3, 5, 6, 7, 8])
  assert.deepEqual(readTemplate(Buffer.from("${A:-x}\n${"), dollars).malformed, [1, 2])
  assert.deepEqual(readTemplate(Buffer.from(`{{ ${"A".repeat(256)} }}`), braces).malformed, [1])
})

test("places are told with every line", () => {
  const template = readTemplate(Buffer.from("{{ B }}{{ B }}\n\n{{ A }}\n{{ B }}"), braces)
  assert.deepEqual(
    [...placesOf(template)],
    [
      ["B", [1, 4]],
      ["A", [3]],
    ],
  )
})

test("bytes that are no text stay as they are, in the template and in values", () => {
  const [before, after, value] = [Buffer.of(0xff, 0, 0xc3), Buffer.of(0x28, 0xfe), randomBytes(64)]
  const template = readTemplate(Buffer.concat([before, Buffer.from("{{ A }}"), after]), braces)
  assert.deepEqual(Buffer.from(fillTemplate(template, () => value)), Buffer.concat([before, value, after]))
})

test("a text with every opening doubled comes back", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("{", "{{", "}}", "A", " ", "\n", "$", "${")).map((parts) => parts.join("")),
      (text) => {
        assert.equal(filled(text.replaceAll("{{", "{{{{"), braces), text)
        assert.equal(
          filled(
            text.replaceAll("${", () => "$${"),
            dollars,
          ),
          text,
        )
      },
    ),
  )
})
