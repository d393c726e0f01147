import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { hpkeOpen, hpkeSeal, xWingPublicKey } from "@halfkey/core/primitives/hpke-x-wing"
import * as spec from "./independent.ts"
import { turned, vectors } from "./vector-file.ts"

const { cases, refused } = vectors<{
  cases: { seed: string; eseed: string; pk: string; ct: string; ss: string }[]
  refused: { publicKeys: { why: string; pk: string }[]; encs: { why: string; ct: string }[] }
}>("x-wing.json")
const info = spec.ascii("info")
const plaintext = spec.ascii("thirty-two bytes of a client half")

test("the known answers are those that the X-Wing draft prints", () => {
  assert.deepEqual(
    cases.map(({ ss }) => ss),
    [
      "d2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384",
      "f2e86241c64d60f6649fbc6c5b7d17180b780a3f34355e64a85749949c45f150",
      "953f7f4e8c5b5049bdc771d1dffada0dd961477d1a2ae0988baa7ea6898d893f",
    ],
  )
})

for (const [index, { seed, eseed, pk, ct, ss }] of cases.entries()) {
  test(`known answer ${index + 1} of the X-Wing draft holds in core and in the independent implementation`, async () => {
    assert.equal(spec.hex(await xWingPublicKey(spec.unhex(seed))), pk)
    assert.equal(spec.hex(spec.kemPublicKey(spec.unhex(seed))), pk)
    assert.equal(spec.hex(spec.decapsulate(spec.unhex(seed), spec.unhex(ct))), ss)
    // Core shows no shared secret; that HPKE opens what was sealed with the draft's one proves that it has the same.
    const sealed = await spec.hpkeSeal(spec.unhex(pk), info, plaintext, spec.unhex(eseed))
    assert.equal(spec.hex(sealed.enc), ct)
    assert.deepEqual(await hpkeOpen(spec.unhex(seed), info, sealed.enc, sealed.sealed), plaintext)
  })
}

test("malformed public keys and ciphertexts of the vectors are refused", async () => {
  const [{ seed, pk }] = cases as [(typeof cases)[number]]
  for (const { why, pk: malformed } of refused.publicKeys) {
    await assert.rejects(hpkeSeal(spec.unhex(malformed), info, plaintext), why)
  }
  const { sealed } = await hpkeSeal(spec.unhex(pk), info, plaintext)
  for (const { ct } of refused.encs)
    assert.equal(await hpkeOpen(spec.unhex(seed), info, spec.unhex(ct), sealed), undefined)
})

test("each implementation opens what the other sealed, and nothing under another info", async () => {
  const [{ seed, pk }] = cases as [(typeof cases)[number]]
  const { enc, sealed } = await hpkeSeal(spec.unhex(pk), info, plaintext)
  assert.deepEqual(await spec.hpkeOpen(spec.unhex(seed), info, enc, sealed), plaintext)
  assert.deepEqual(await hpkeOpen(spec.unhex(seed), info, enc, sealed), plaintext)
  assert.equal(await hpkeOpen(spec.unhex(seed), spec.ascii("Info"), enc, sealed), undefined)
  assert.equal(await hpkeOpen(spec.unhex(seed), info, turned(enc, { at: 7, xor: 1 }), sealed), undefined)
  assert.equal(await hpkeOpen(spec.unhex(seed), info, enc, turned(sealed, { at: 7, xor: 1 })), undefined)
})

// The draft of HPKE's post-quantum suites, with X-Wing under HKDF-SHA-256 and another AEAD: everything but the AEAD is ours.
const hpkeFile = join(import.meta.dirname, "../../../shared/vectors/hpke-pq/test-vectors.json")
if (existsSync(hpkeFile)) {
  test("the key schedule gives the answers of draft-ietf-hpke-pq", keyScheduleAnswers)
} else {
  console.log("NOTE: HPKE's X-Wing answers were left out: there is no ../shared/vectors/hpke-pq beside the repository")
}

async function keyScheduleAnswers(): Promise<void> {
  type Answer = Record<"kem_id" | "kdf_id" | "aead_id", number> & Record<string, string>
  const all = JSON.parse(readFileSync(hpkeFile, "utf8")) as Answer[]
  const ours = all.filter(({ kem_id, kdf_id }) => kem_id === 0x647a && kdf_id === 1)
  assert.ok(ours.length > 0)
  const field = (answer: Answer, name: string) => spec.unhex(answer[name] ?? "")
  for (const answer of ours) {
    const secret = spec.decapsulate(field(answer, "skRm"), field(answer, "enc"))
    assert.equal(spec.hex(secret), answer["shared_secret"])
    const { key, nonce } = await spec.hpkeKeys(secret, field(answer, "info"), answer.aead_id)
    assert.deepEqual([spec.hex(key), spec.hex(nonce)], [answer["key"], answer["base_nonce"]])
  }
}
