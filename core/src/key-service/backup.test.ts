// Vectors and refusals are in spec/vectors/backup.json.
import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { utf8 } from "../primitives/bytes.ts"
import { bytes, property, withBitTurned } from "../testing/property.ts"
import { foreseeable } from "../testing/workspace.ts"
import {
  BackupChunks,
  type BackupHeader,
  backupChunkLengths,
  backupChunkOverhead,
  encodeBackupHeader,
  parseBackupHeader,
} from "./backup.ts"
import { RootKey } from "./root-key.ts"

const random = foreseeable()
const rootKey = new RootKey(random(32))
const header: BackupHeader = {
  createdAt: "2026-01-31T00:00:00.000Z",
  server: "0.1.0",
  schema: 9,
  key: { kind: "root-key", id: rootKey.fingerprint, derivation: null },
  chunkLength: 64,
  random: random(32),
}
const headerBytes = encodeBackupHeader(header)

property(
  "what was sealed opens at its place, and nowhere else",
  fc.tuple(fc.array(bytes(0, 80), { minLength: 2, maxLength: 5 }), fc.nat()),
  ([chunks, bit]) => {
    const writer = new BackupChunks(rootKey, headerBytes)
    const sealed = chunks.map((chunk, index) => writer.seal(chunk, index === chunks.length - 1))
    assert.deepEqual(
      sealed.map(({ length }) => length),
      chunks.map(({ length }) => length + backupChunkOverhead),
    )
    const open = (list: readonly Uint8Array[], bytesOfHeader = headerBytes, key = rootKey) => {
      const reader = new BackupChunks(key, bytesOfHeader)
      return list.map((each, index) => reader.open(each, index === list.length - 1))
    }
    assert.deepEqual(open(sealed), chunks)
    const [first, second] = sealed as [Uint8Array, Uint8Array]
    assert.equal(open([second, first, ...sealed.slice(2)])[0], undefined, "another order")
    assert.equal(open(sealed.slice(0, -1)).at(-1), undefined, "cut off between chunks")
    assert.equal(open([...sealed, first]).at(-2), undefined, "something behind the last")
    assert.equal(open([withBitTurned(first, bit % (first.length * 8)), ...sealed.slice(1)])[0], undefined)
    assert.equal(open(sealed, withBitTurned(headerBytes, bit % (headerBytes.length * 8)))[0], undefined)
    assert.equal(open(sealed, headerBytes, new RootKey(new Uint8Array(32)))[0], undefined)
  },
  50,
)

test("a header is read as it was written, with whatever follows", () => {
  const read = parseBackupHeader(new Uint8Array([...headerBytes, 0, 10, 255]))
  assert.deepEqual(read.header, header)
  assert.deepEqual(read.bytes, headerBytes)
  const key = { kind: "passphrase", id: "0123456789abcdef", derivation: "{}" } as const
  assert.deepEqual(parseBackupHeader(encodeBackupHeader({ ...header, key })).header.key, key)
})

test("what is no header is refused", () => {
  const json = JSON.parse(new TextDecoder().decode(headerBytes).slice("halfkey-backup 1 ".length)) as object
  const line = (fields: object) => utf8(`halfkey-backup 1 ${JSON.stringify({ ...json, ...fields })}\n`)
  assert.deepEqual(parseBackupHeader(line({})).header, header)
  const { key } = header
  const wrong = [
    new Uint8Array(0),
    utf8("SQLite format 3\0"),
    utf8("halfkey-backup 2 {}\n"),
    utf8("halfkey-backup 1 {}\n"),
    utf8("halfkey-backup 1 no JSON\n"),
    headerBytes.subarray(0, -1),
    new Uint8Array([...headerBytes.subarray(0, 30), 0xff, ...headerBytes.subarray(30)]),
    line({ padding: "x".repeat(4096) }),
    line({ createdAt: "yesterday" }),
    line({ server: "0 1" }),
    ...[0, 1.5, "9", 2 ** 32].map((schema) => line({ schema })),
    ...[0, -1, 2 ** 25].map((chunkLength) => line({ chunkLength })),
    ...["", "AAAA", 5].map((random) => line({ random })),
    ...[null, { ...key, id: "x" }, { ...key, kind: "other" }, { ...key, derivation: 5 }].map((each) =>
      line({ key: each }),
    ),
    line({ key: { ...key, kind: "passphrase" } }),
  ]
  for (const [index, bytes] of wrong.entries())
    assert.throws(() => parseBackupHeader(bytes), { code: "backup_damaged" }, `number ${index}`)
})

test("the length says how many chunks there are; what no writer makes is refused", () => {
  assert.deepEqual(backupChunkLengths(16, 64), { count: 1, last: 16 })
  assert.deepEqual(backupChunkLengths(80, 64), { count: 1, last: 80 })
  assert.deepEqual(backupChunkLengths(80 + 17, 64), { count: 2, last: 17 })
  for (const length of [0, 15, 81, 95])
    assert.throws(() => backupChunkLengths(length, 64), { code: "backup_damaged" }, String(length))
})
