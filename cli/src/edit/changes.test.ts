/** Edits against what was there, and against what somebody else wrote meanwhile. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { utf8 } from "@halfkey/core/primitives/bytes"
import { editsOf, type Held, rebase } from "./changes.ts"
import { bothOf } from "./conflicts.ts"

const held = (version: number, text: string): Held => ({ version, value: utf8(text) })

test("only what is different is an edit, on the version that was seen", () => {
  const base = new Map([
    ["SAME", held(3, "s")],
    ["CHANGED", held(2, "old")],
    ["GONE", held(5, "g")],
  ])
  const edited = new Map([
    ["CHANGED", utf8("new")],
    ["SAME", utf8("s")],
    ["NEW", utf8("")],
  ])
  assert.deepEqual(editsOf(base, edited), [
    { name: "CHANGED", value: utf8("new"), ifVersion: 2 },
    { name: "GONE", value: null, ifVersion: 5 },
    { name: "NEW", value: utf8(""), ifVersion: 0 },
  ])
})

test("what nobody touched stands, what is the same by now is done, the rest is a conflict", () => {
  const edit = (name: string, text: string | null, ifVersion: number) => ({
    name,
    value: text === null ? null : utf8(text),
    ifVersion,
  })
  const edits = [
    edit("UNTOUCHED", "mine", 1),
    edit("SAME", "both", 1),
    edit("GONE TWICE", null, 1),
    edit("BOTH", "mine", 1),
    edit("I DELETED", null, 1),
    edit("THEY DELETED", "mine", 1),
    edit("BOTH NEW", "mine", 0),
  ]
  const theirs = new Map([
    ["UNTOUCHED", held(1, "old")],
    ["SAME", held(2, "both")],
    ["BOTH", held(2, "theirs")],
    ["I DELETED", held(2, "theirs")],
    ["BOTH NEW", held(1, "theirs")],
  ])
  const rebased = rebase(edits, theirs)
  assert.deepEqual(rebased.edits, [edit("UNTOUCHED", "mine", 1)])
  assert.deepEqual(
    rebased.conflicts.map(({ mine, name, theirs }) => [name, mine !== null, theirs?.version]),
    [
      ["BOTH", true, 2],
      ["I DELETED", false, 2],
      ["THEY DELETED", true, undefined],
      ["BOTH NEW", true, 1],
    ],
  )
})

test("both values stand between marks, each on lines of its own", () => {
  const text = (mine: string | null, theirs?: string) =>
    Buffer.from(bothOf(mine === null ? null : utf8(mine), theirs === undefined ? undefined : utf8(theirs))).toString()
  assert.equal(text("a", "b\n"), "<<<<<<< mine\na\n=======\nb\n>>>>>>> theirs\n")
  assert.equal(text(null, "b"), "<<<<<<< mine\n=======\nb\n>>>>>>> theirs\n")
  assert.equal(text("a"), "<<<<<<< mine\na\n=======\n>>>>>>> theirs\n")
})
