import assert from "node:assert/strict"
import { test } from "node:test"
import { deriveDataKey, recordPrk, recordSalt } from "@halfkey/core/client/data-key"
import { openRecord, sealRecord } from "@halfkey/core/client/record-crypto"
import { decodeVaultPlaintext, encodeRecordHeader, parseRecord } from "@halfkey/core/formats/record"
import { type RecordContext, unboundRow } from "@halfkey/core/formats/record-context"
import * as spec from "./independent.ts"
import { type Turn, turned, vectors } from "./vector-file.ts"

/** As in the file: `row` is null where it is unbound. */
type ContextJson = { purpose: "secret" | "field"; workspaceId: string; keysetId: string } & Record<string, unknown>

interface Case {
  name: string
  context: ContextJson
  epoch: number
  keyId: string
  random32: string
  plaintext: string
  prk: string
  salt: string
  dek: string
  commit: string
  record: string
}

type KeysJson = { clientHalf: string; keySeed: string }
type Changed = { change: Record<string, unknown>; check: string; case?: number }

const file = vectors<{
  keys: KeysJson
  cases: Case[]
  refused: {
    bytes: (Turn & { check: string })[]
    lengths: { record: string; check: string }[]
    contexts: Changed[]
    keys: Changed[]
    fieldContexts: Changed[]
    unbound: Changed[]
    padding: { name: string; context: ContextJson; record: string; check: string }[]
  }
  neverSealed: { change: Record<string, unknown> }[]
}>("record.json")

const keys = ({ clientHalf, keySeed }: KeysJson = file.keys) => ({
  clientHalf: spec.unhex(clientHalf),
  keySeed: spec.unhex(keySeed),
})

const coreContext = (context: ContextJson): RecordContext =>
  (context["row"] === null ? { ...context, row: unboundRow } : context) as unknown as RecordContext

function specContext(context: ContextJson): spec.Field[] {
  const own = context.purpose === "secret" ? ["name", "version"] : ["table", "column", "row"]
  const place = [context.purpose, context.workspaceId, spec.uuid(context.keysetId)]
  return [...place, ...own.map((name) => context[name] as string | number | null)]
}

const caseAt = (index = 0) => file.cases[index] as Case
const failed = (check: string) => ({ code: "record_verification_failed", check })

for (const each of file.cases) {
  test(`a record of the vectors is sealed and opened: ${each.name}`, () => {
    const context = coreContext(each.context)
    const plaintext = spec.unhex(each.plaintext)
    const [keyId, random32] = [spec.unhex(each.keyId), spec.unhex(each.random32)]
    const prk = recordPrk(keys().clientHalf, keys().keySeed)
    assert.equal(spec.hex(prk), each.prk)
    const salt = recordSalt(prk, random32, context, plaintext)
    assert.equal(spec.hex(salt), each.salt)
    const header = encodeRecordHeader({ keysetId: context.keysetId, epoch: each.epoch, keyId, salt })
    const { dek, commit } = deriveDataKey(prk, header, context)
    assert.deepEqual([spec.hex(dek), spec.hex(commit)], [each.dek, each.commit])
    const record = sealRecord({ context, ...keys(), epoch: each.epoch, keyId, plaintext, random32 })
    assert.equal(spec.hex(record), each.record)
    assert.deepEqual(openRecord(record, context, keys()), plaintext)
    const parts = parseRecord(record)
    assert.deepEqual(parts.header, { keysetId: context.keysetId, epoch: each.epoch, keyId, salt })
    assert.deepEqual(parts.headerBytes, header)
  })

  test(`a record of the vectors follows from the specification: ${each.name}`, async () => {
    const { clientHalf, keySeed } = keys()
    const context = specContext(each.context)
    const plaintext = spec.unhex(each.plaintext)
    const prk = await spec.hmac(clientHalf, keySeed)
    const salt = (await spec.hmac(prk, spec.pae("salt", spec.unhex(each.random32), ...context, plaintext))).slice(0, 16)
    const epoch = spec.le64(each.epoch).slice(0, 4)
    const magic = spec.join(spec.ascii("HK1"), Uint8Array.of(1))
    const header = spec.join(magic, spec.uuid(each.context.keysetId), epoch, spec.unhex(each.keyId), salt)
    // Extract and expand in one: WebCrypto knows no other form.
    const okm = await spec.hkdf(clientHalf, keySeed, spec.pae("data-key", header, ...context), 64)
    const record = spec.unhex(each.record)
    const padded = await spec.open(okm.slice(0, 32), new Uint8Array(12), new Uint8Array(0), record.slice(88))
    assert.deepEqual(record.slice(0, 88), spec.join(header, okm.slice(32)))
    const marked = spec.join(plaintext, Uint8Array.of(0x80))
    assert.deepEqual(padded, spec.join(marked, new Uint8Array(padded.length - marked.length)))
  })
}

test("a record with a byte changed in any region is refused by the check that the region has", () => {
  const record = spec.unhex(caseAt().record)
  const context = coreContext(caseAt().context)
  for (const turn of file.refused.bytes) {
    assert.throws(() => openRecord(turned(record, turn), context, keys()), failed(turn.check), `at ${turn.at}`)
  }
  for (const { record: other, check } of file.refused.lengths) {
    assert.throws(() => openRecord(spec.unhex(other), context, keys()), failed(check))
  }
})

test("a record opens at no other place and with no other key", () => {
  const { contexts, fieldContexts, unbound } = file.refused
  for (const { change, check, case: index } of [...contexts, ...fieldContexts, ...unbound]) {
    const { record, context } = caseAt(index)
    const other = coreContext({ ...context, ...change })
    assert.throws(() => openRecord(spec.unhex(record), other, keys()), failed(check), JSON.stringify(change))
  }
  for (const { change, check } of file.refused.keys) {
    const other = keys({ ...file.keys, ...change } as KeysJson)
    const open = () => openRecord(spec.unhex(caseAt().record), coreContext(caseAt().context), other)
    assert.throws(open, failed(check), JSON.stringify(change))
  }
})

test("a record of a member who pads or types oddly is refused", () => {
  for (const { name, context, record, check } of file.refused.padding) {
    const open = () => decodeVaultPlaintext(openRecord(spec.unhex(record), coreContext(context), keys()))
    assert.throws(open, failed(check), name)
  }
})

test("no record is sealed for a place that has no bytes", () => {
  const { context, epoch, keyId, random32 } = caseAt()
  for (const { change } of file.neverSealed) {
    const input = {
      ...keys(),
      epoch,
      keyId: spec.unhex(keyId),
      random32: spec.unhex(random32),
      plaintext: spec.ascii("x"),
    }
    const seal = () => sealRecord({ ...input, context: coreContext({ ...context, ...change }) })
    assert.throws(seal, RangeError, JSON.stringify(change))
  }
})
