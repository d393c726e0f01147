import assert from "node:assert/strict"
import { test } from "node:test"
import { isInside, parseNetwork, plainAddress } from "./addresses.ts"

test("every way to write an address gives the one form", () => {
  const forms: Readonly<Record<string, readonly string[]>> = {
    "10.1.2.3": [
      "10.1.2.3",
      "::ffff:10.1.2.3",
      "::FFFF:0a01:0203",
      "0:0:0:0:0:ffff:10.1.2.3",
      "10.1.2.3:4711",
      "[::ffff:10.1.2.3]:1",
    ],
    "2001:db8::1": ["2001:db8::1", "2001:DB8:0:0::0001", "[2001:db8::1]", "[2001:db8::1]:443"],
    "fe80::1": ["fe80::1", "fe80::1%eth0"],
  }
  for (const [form, texts] of Object.entries(forms))
    for (const text of texts) assert.equal(plainAddress(text), form, text)
})

test("what is no address is unknown, whatever its length", () => {
  const texts = [
    "",
    "unknown",
    "_hidden",
    "10.1.2",
    "010.1.2.3",
    "10.1.2.3:",
    "10.1.2.3:123456",
    "[10.1.2.3]",
    "2001:db8::1 ",
  ]
  const long = ["x".repeat(100_000), `fe80::1%${"x".repeat(100)}`, `[${":".repeat(100_000)}]`]
  for (const text of [...texts, ...long, "10.1.2.3\n", "<script>", undefined])
    assert.equal(plainAddress(text), "unknown")
})

test("networks are CIDR or one address, and nothing else", () => {
  assert.deepEqual(parseNetwork("10.0.0.0/8"), { address: "10.0.0.0", prefix: 8, family: "ipv4" })
  assert.deepEqual(parseNetwork("10.0.0.1"), { address: "10.0.0.1", prefix: 32, family: "ipv4" })
  assert.deepEqual(parseNetwork("::ffff:10.0.0.0/104"), { address: "10.0.0.0", prefix: 8, family: "ipv4" })
  assert.deepEqual(parseNetwork("2001:db8::/32"), { address: "2001:db8::", prefix: 32, family: "ipv6" })
  for (const text of [
    "",
    "10.0.0.0/",
    "10.0.0.0/33",
    "2001:db8::/129",
    "10/8",
    "10.0.0.0/8/8",
    "fe80::1%eth0",
    "::/-1",
  ])
    assert.equal(parseNetwork(text), undefined, text)
})

test("IPv4 and IPv6 do not meet in a network, but for the mapped form", () => {
  const inside: readonly [network: string, address: string, expected: boolean][] = [
    ["10.0.0.0/8", "10.255.255.255", true],
    ["10.0.0.0/8", "11.0.0.0", false],
    ["10.1.2.3", "10.1.2.3", true],
    ["10.1.2.3", "10.1.2.4", false],
    ["::ffff:10.0.0.0/104", "10.9.9.9", true],
    ["::ffff:10.0.0.0/104", "11.9.9.9", false],
    ["0.0.0.0/0", "192.0.2.1", true],
    ["0.0.0.0/0", "2001:db8::1", false],
    ["::/0", "2001:db8::1", true],
    ["::/0", "192.0.2.1", false],
    ["2001:db8::/33", "2001:db8:7fff::1", true],
    ["2001:db8::/33", "2001:db8:8000::1", false],
    ["0.0.0.0/0", "unknown", false],
  ]
  for (const [network, address, expected] of inside)
    assert.equal(isInside([network], address), expected, `${address} in ${network}`)
})
