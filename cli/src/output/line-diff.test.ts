import assert from "node:assert/strict"
import { test } from "node:test"
import { lineDiff } from "./line-diff.ts"

const shown = (from: string, to: string) => lineDiff(from, to).map(({ mark, text }) => `${mark}${text}`)
const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `${from + index}\n`).join("")

test("lines that change, with some that stay around them", () => {
  assert.deepEqual(shown("a\nb\nc\n", "a\nx\nc\n"), [" a", "-b", "+x", " c"])
  assert.deepEqual(shown("a\nb\nc\nd\n", "b\nc\ny\nd\n"), ["-a", " b", " c", "+y", " d"])
  assert.deepEqual(shown(numbers(1, 20), numbers(1, 9) + numbers(11, 20)), [
    "…6 lines the same",
    " 7",
    " 8",
    " 9",
    "-10",
    " 11",
    " 12",
    " 13",
    "…7 lines the same",
  ])
  assert.deepEqual(shown(`x\n${numbers(1, 4)}y\n`, `X\n${numbers(1, 4)}y\n`), [
    "-x",
    "+X",
    " 1",
    " 2",
    " 3",
    "…2 lines the same",
  ])
})

test("a value that is there on one side only, and the end of the last line", () => {
  assert.deepEqual(shown("", "a\nb"), ["+a", "+b"])
  assert.deepEqual(shown("a\nb\n", ""), ["-a", "-b"])
  assert.deepEqual(shown("a\nb", "a\nb\n"), ["…2 lines the same", "+(the line end of the last line)"])
})

test("taking the lines of one side gives that side back, whatever the texts are", () => {
  let seed = 7
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % below
  }
  for (let round = 0; round < 300; round++) {
    const make = () => Array.from({ length: 1 + random(7) }, () => "abc"[random(3)] ?? "a")
    const [from, to] = [make(), make()]
    const lines = lineDiff(from.join("\n"), to.join("\n")).filter(({ mark }) => mark !== "…")
    const side = (mark: string) =>
      lines.filter((line) => line.mark === " " || line.mark === mark).map(({ text }) => text)
    // Up to seven lines: what is far from a change can only be at an edge.
    if (lines.length === lineDiff(from.join("\n"), to.join("\n")).length) {
      assert.deepEqual(side("-"), from)
      assert.deepEqual(side("+"), to)
    }
  }
})

test("long texts are not compared pair by pair", () => {
  const [from, to] = [numbers(1, 3000), numbers(4001, 7000)]
  const lines = lineDiff(from, to)
  assert.equal(lines.length, 6000)
  assert.deepEqual([lines[0]?.mark, lines[3000]?.mark], ["-", "+"])
})
