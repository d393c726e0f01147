import assert from "node:assert/strict"
import { test } from "node:test"
import { RateLimits } from "./rate-limits.ts"

function limitsOf(perSecond: number, refusedPerSecond: number) {
  let now = 0
  const limits = new RateLimits({ perSecond, refusedPerSecond, clock: () => now })
  const pass = (ms: number) => {
    now += ms
  }
  return { limits, pass }
}

const tooOften = { code: "rate_limited" }

test("a credential may burst, then goes on at its rate; another one is not touched", () => {
  const { limits, pass } = limitsOf(10, 0)
  for (let request = 0; request < 50; request++) limits.take("one")
  assert.throws(() => limits.take("one"), { ...tooOften, message: "one asks too often" })
  limits.take("other")
  pass(99)
  assert.throws(() => limits.take("one"), tooOften)
  pass(1)
  limits.take("one")
  assert.throws(() => limits.take("one"), tooOften)
  pass(60_000)
  for (let request = 0; request < 50; request++) limits.take("one")
  assert.throws(() => limits.take("one"), tooOften)
})

test("an address is out when enough was refused, and comes back", () => {
  const { limits, pass } = limitsOf(0, 5)
  assert.equal(limits.isOut("192.0.2.1"), false)
  for (let refusal = 0; refusal < 99; refusal++) limits.noteRefused("192.0.2.1")
  assert.equal(limits.isOut("192.0.2.1"), false)
  limits.noteRefused("192.0.2.1")
  assert.equal(limits.isOut("192.0.2.1"), true)
  assert.equal(limits.isOut("192.0.2.2"), false)
  // What is refused while it is out keeps nobody out for longer.
  for (let refusal = 0; refusal < 1000; refusal++) limits.noteRefused("192.0.2.1")
  pass(200)
  assert.equal(limits.isOut("192.0.2.1"), false)
  limits.noteRefused("192.0.2.1")
  assert.equal(limits.isOut("192.0.2.1"), true)
})

test("a network of IPv6 is one address", () => {
  const { limits } = limitsOf(0, 1)
  for (let host = 0; host < 20; host++) limits.noteRefused(`2001:db8:0:7::${host.toString(16)}`)
  assert.equal(limits.isOut("2001:db8:0:7:1:2:3:4"), true)
  assert.equal(limits.isOut("2001:db8:0:8::1"), false)
  for (let host = 0; host < 20; host++) limits.noteRefused(`2001:db8::${host.toString(16)}`)
  assert.equal(limits.isOut("2001:db8:0:0:5::"), true)
})

test("0 is no limit", () => {
  const { limits } = limitsOf(0, 0)
  for (let request = 0; request < 100_000; request++) limits.take("one")
  for (let refusal = 0; refusal < 100_000; refusal++) limits.noteRefused("192.0.2.1")
  assert.equal(limits.isOut("192.0.2.1"), false)
})

test("what is kept has a bound, and whoever is active is not forgotten", () => {
  const { limits } = limitsOf(1, 0)
  for (let request = 0; request < 5; request++) limits.take("busy")
  for (let other = 0; other < 100_000; other++) {
    limits.take(`other ${other}`)
    if (other % 10_000 === 0) assert.throws(() => limits.take("busy"), tooOften)
  }
})
