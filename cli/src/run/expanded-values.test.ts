// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the texts that are read
import assert from "node:assert/strict"
import { test } from "node:test"
import { expandValues } from "./expanded-values.ts"

const set = (values: Record<string, string>) =>
  Object.entries(values).map(([name, value]) => ({ name, value: Buffer.from(value) }))

function expanded(values: Record<string, string>, chosen = Object.keys(values)): Record<string, string> {
  const all = set(values)
  const wanted = all.filter(({ name }) => chosen.includes(name))
  return Object.fromEntries(expandValues(wanted, all).map(({ name, value }) => [name, Buffer.from(value).toString()]))
}

test("values of other secrets come in, through several steps, also of those that are not chosen", () => {
  const values = { URL: "pg://${USER}:${PASS}@h$x", USER: "u-${app/id}", PASS: "$${no}", "app/id": "7" }
  assert.deepEqual(expanded(values, ["URL"]), { URL: "pg://u-7:${no}@h$x" })
  assert.deepEqual(expanded(values)["USER"], "u-7")
})

test("what cannot be expanded is told by the name of the secret, without a part of its value", () => {
  const why = (values: Record<string, string>, chosen?: string[]) => {
    try {
      expanded(values, chosen)
    } catch (error) {
      return /cannot be expanded: .*/.exec((error as Error).message)?.[0]
    }
    return assert.fail("it was expanded")
  }
  assert.equal(why({ A: "s3cr${et" }), "cannot be expanded: it holds ${ without the name of a secret and }")
  assert.equal(why({ A: "${HOME}" }), "cannot be expanded: it refers to a secret that is not there")
  assert.equal(why({ A: "${B}", B: "${A}" }), "cannot be expanded: it refers to itself, directly or through others")
  assert.equal(why({ A: "${A}" }), "cannot be expanded: it refers to itself, directly or through others")
  // What is not chosen may hold anything.
  assert.deepEqual(expanded({ A: "1", B: "${" }, ["A"]), { A: "1" })
  const bomb = Object.fromEntries(
    Array.from({ length: 40 }, (_, n) => [`V${n}`, n === 0 ? "x" : `\${V${n - 1}}`.repeat(2)]),
  )
  assert.equal(why(bomb), "cannot be expanded: all of them together grow beyond 16777216 bytes")
  const deep = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`V${n}`, `\${V${n + 1}}`]))
  assert.equal(why(deep), "cannot be expanded: it refers to others in too many steps")
})
