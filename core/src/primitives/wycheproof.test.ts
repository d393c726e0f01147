// C2SP Wycheproof, read from `../shared/vectors/wycheproof` beside the repository: it is not copied into the project.
import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { XWing } from "@hpke/hybridkem-x-wing"
import { aesGcmOpen, aesGcmSeal } from "./aes-gcm.ts"
import { fromHex, toHex } from "./bytes.ts"
import { verifyStrict } from "./ed25519.ts"
import { equalBytes, hkdf, hmacSha256 } from "./hash.ts"

interface Case {
  readonly tcId: number
  readonly comment?: string
  readonly flags: readonly string[]
  readonly result: "valid" | "invalid" | "acceptable"
  readonly [name: string]: unknown
}

type Group = { readonly tests: readonly Case[] } & Readonly<Record<string, unknown>>

const folder = join(import.meta.dirname, "../../../../shared/vectors/wycheproof")
const present = existsSync(folder)
if (!present)
  console.log("NOTE: Wycheproof was left out: there is no ../shared/vectors/wycheproof beside the repository")

function bytes(value: unknown): Uint8Array {
  const read = fromHex(value as string)
  assert.ok(read, "the file holds hexadecimal")
  return read
}

/** Runs every case of a file, and asserts how many there were: a file that is cut short must not pass. */
function wycheproof(name: string, count: number, run: (each: Case, group: Group) => void | Promise<void>): void {
  test(`Wycheproof: ${name}`, { skip: present ? false : "the folder is not there" }, async () => {
    const groups = JSON.parse(readFileSync(join(folder, `${name}_test.json`), "utf8")).testGroups as Group[]
    let ran = 0
    for (const group of groups) {
      for (const each of group.tests) {
        try {
          await run(each, group)
        } catch (cause) {
          throw new Error(`${name} ${each.tcId} (${each.comment ?? ""} ${each.flags}), ${each.result}`, { cause })
        }
        ran++
      }
    }
    assert.equal(ran, count)
  })
}

wycheproof("aes_gcm", 316, ({ key, iv, aad, msg, ct, tag, result }, { keySize, ivSize }) => {
  const [k, n, a, sealed] = [bytes(key), bytes(iv), bytes(aad), bytes(`${ct}${tag}`)]
  if (keySize !== 256 || ivSize !== 96) {
    // Halfkey knows one key length and one nonce length: every other is refused before anything is computed.
    assert.throws(() => aesGcmOpen(k, n, a, sealed), RangeError)
    assert.throws(() => aesGcmSeal(k, n, a, bytes(msg)), RangeError)
    return
  }
  const opened = aesGcmOpen(k, n, a, sealed)
  assert.equal(opened && toHex(opened), result === "valid" ? msg : undefined)
  if (result === "valid") assert.equal(toHex(aesGcmSeal(k, n, a, bytes(msg))), `${ct}${tag}`)
})

wycheproof("hkdf_sha256", 86, ({ ikm, salt, info, size, okm, result }) => {
  const derive = () => hkdf(bytes(salt), bytes(ikm), bytes(info), size as number)
  if (result === "valid") assert.equal(toHex(derive()), okm)
  else assert.throws(derive, RangeError)
})

wycheproof("hmac_sha256", 174, ({ key, msg, tag, result }, { tagSize }) => {
  const mac = hmacSha256(bytes(key), bytes(msg)).subarray(0, (tagSize as number) / 8)
  assert.equal(equalBytes(mac, bytes(tag)), result === "valid")
})

wycheproof("ed25519", 151, ({ msg, sig, result }, { publicKey }) => {
  // None of the file's valid cases has a key of small order, so strictness refuses nothing that it accepts.
  const { pk } = publicKey as { pk: string }
  assert.equal(verifyStrict(bytes(pk), bytes(msg), bytes(sig)), result === "valid")
})

/** What X-Wing is made of, in the library that seals and opens grants; reachable only in its object. */
const parts = new XWing() as unknown as {
  _m: {
    deriveKeyPair(seed: Uint8Array): Promise<[ek: Uint8Array, dk: Uint8Array]>
    decap(ciphertext: Uint8Array, dk: Uint8Array): Promise<Uint8Array>
  }
  _x25519: { derive(privateKey: Uint8Array, publicKey: Uint8Array): Promise<Uint8Array> }
}

wycheproof("mlkem_768", 193, async ({ seed, ek, c, K, result }) => {
  const opened = async () => {
    const [publicKey, privateKey] = await parts._m.deriveKeyPair(bytes(seed))
    assert.equal(toHex(publicKey), ek)
    return toHex(await parts._m.decap(bytes(c), privateKey))
  }
  if (result === "valid") assert.equal(await opened(), K)
  else await assert.rejects(opened, (error: Error) => !(error instanceof assert.AssertionError))
})

wycheproof("x25519", 518, async ({ private: key, public: point, shared, flags }) => {
  const computed = parts._x25519.derive(bytes(key), bytes(point))
  // The one acceptable thing that we refuse: a result which everybody knows (S2).
  if (flags.includes("ZeroSharedSecret")) await assert.rejects(computed)
  else assert.equal(toHex(await computed), shared)
})
