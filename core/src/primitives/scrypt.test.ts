import assert from "node:assert/strict"
import { test } from "node:test"
import { toHex, utf8 } from "./bytes.ts"
import { scrypt } from "./scrypt.ts"

test("scrypt gives the answers of RFC 7914, section 12", () => {
  const cases = [
    ["", "", { N: 16, r: 1, p: 1 }, "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"],
    ["password", "NaCl", { N: 1024, r: 8, p: 16 }, "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"],
    [
      "pleaseletmein",
      "SodiumChloride",
      { N: 16_384, r: 8, p: 1 },
      "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2",
    ],
  ] as const
  for (const [password, salt, cost, expected] of cases) {
    assert.equal(toHex(scrypt(utf8(password), utf8(salt), cost, 64)).slice(0, 64), expected)
  }
})

test("a cost that takes more memory than Node allows by itself is allowed", () => {
  assert.equal(scrypt(utf8("a"), utf8("b"), { N: 65_536, r: 8, p: 1 }, 7).length, 7)
})
