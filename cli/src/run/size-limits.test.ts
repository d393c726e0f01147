import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { test } from "node:test"
import { limitsOf, linuxStackLimit, requireFitting } from "./size-limits.ts"

const linux = () => limitsOf("linux", () => 8_388_608)

test("the limits of Linux follow the stack", () => {
  assert.deepEqual(linux(), { string: 131_072, total: 2_097_152 })
  assert.equal(limitsOf("linux", () => Number.POSITIVE_INFINITY).total, 6_291_456)
  assert.equal(limitsOf("linux", () => 65_536).total, 131_072)
  assert.equal(limitsOf("linux", () => undefined).total, 2_097_152)
  assert.deepEqual(
    limitsOf("darwin", () => 0),
    { string: undefined, total: 1_048_576 },
  )
})

test("the longest variable that Linux takes fits, one byte more does not", () => {
  const longest = 131_072 - "BIG=".length - 1
  requireFitting(["true"], { BIG: "x".repeat(longest) }, linux)
  assert.throws(() => requireFitting(["true"], { A: "1", BIG: "x".repeat(longest + 1) }, linux), {
    code: "value_too_large",
    message: "nothing was started: the variable BIG takes 131073 bytes, the system allows 131072",
    hint: "let the program read large values itself: halfkey get BIG",
  })
})

test("bytes count, not characters", () => {
  assert.throws(() => requireFitting([], { EURO: "€".repeat(43_690) }, linux), /EURO takes 131076 bytes/)
})

test("all together are limited, and the largest is named", () => {
  const variables = Object.fromEntries(
    Array.from({ length: 21 }, (_, n) => [`V${n}`, "x".repeat(n === 7 ? 110_001 : 110_000)]),
  )
  assert.throws(
    () => requireFitting(["true"], variables, linux),
    /together, the system allows 2097152; the largest is V7 with 110005/,
  )
})

test("what is accepted, the system starts; what is refused as too long, it refuses", {
  skip: process.platform !== "linux" && "the limits of Linux",
}, () => {
  const starts = (variables: Record<string, string>) => spawnSync("/bin/true", { env: variables }).error === undefined
  const longest = 131_072 - "BIG=".length - 1
  assert.ok(starts({ BIG: "x".repeat(longest) }))
  assert.ok(!starts({ BIG: "x".repeat(longest + 1) }))
  const { total } = limitsOf("linux", linuxStackLimit)
  const count = Math.floor((total - 4096 - 100) / (100_000 + 16))
  const many = Object.fromEntries(
    Array.from({ length: count }, (_, n) => [`V${String(n).padStart(3, "0")}`, "x".repeat(100_000)]),
  )
  requireFitting(["/bin/true"], many)
  assert.ok(starts(many))
})
