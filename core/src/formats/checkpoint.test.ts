import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { fromBase64, toBase64 } from "../primitives/bytes.ts"
import { signingKeyFromSeed } from "../primitives/ed25519.ts"
import { bytes, property } from "../testing/property.ts"
import { auditOrigin, isAuditKey, isCheckpointSignedBy, parseCheckpoint, signCheckpoint } from "./checkpoint.ts"
import type { WorkspaceId } from "./ids.ts"
import { emptyTreeHash } from "./merkle-tree.ts"
import { isNoteSignedBy, signNote } from "./signed-note.ts"

const key = signingKeyFromSeed(new Uint8Array(32).fill(1))
const other = signingKeyFromSeed(new Uint8Array(32).fill(2))
const workspaceId = "ABCDEFGHIJKLMNOPQRSTUVWXY2" as WorkspaceId

test("checkpoints of the Go checksum database are read and verified", () => {
  const publicKey = (fromBase64("Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8") as Uint8Array).slice(1)
  const checkpoint = parseCheckpoint(
    "go.sum database tree\n63096908\n8lHrQPRYe4KT4WQ9/Qk8/taKnD6IRHbFgfN7vQE2Y54=\n\n" +
      "— sum.golang.org Az3gri/oVBN1jAhNZ/iS+W31psFAWRT20/GyrhpU6taFwulQGetBkH5S7wpGXdS935jiIGiUUAXBVHzT/P6fYhqAmAk=\n",
  )
  assert.equal(checkpoint.size, 63_096_908)
  assert.ok(isNoteSignedBy(checkpoint.note, "sum.golang.org", publicKey))
  assert.ok(!isCheckpointSignedBy(checkpoint, publicKey), "the name of our key is always the origin")
})

const sizes = fc.oneof(
  fc.integer({ min: 1, max: 1000 }),
  fc.maxSafeNat().filter((size) => size > 0),
)

property(
  "a checkpoint is read back, and only its own key signed it",
  fc.tuple(sizes, bytes(32)),
  ([size, rootHash]) => {
    const origin = auditOrigin(workspaceId, 3)
    const note = signCheckpoint({ origin, size, rootHash }, key)
    assert.ok(note.startsWith(`halfkey/${workspaceId}/3\n${size}\n`))
    const { note: _, ...read } = parseCheckpoint(note)
    assert.deepEqual(read, { origin, size, rootHash })
    assert.ok(isCheckpointSignedBy(parseCheckpoint(note), key.publicKey))
    assert.ok(!isCheckpointSignedBy(parseCheckpoint(note), other.publicKey))
    const raised = parseCheckpoint(note.replace(`\n${size}\n`, `\n${size === 1 ? 2 : size - 1}\n`))
    assert.ok(!isCheckpointSignedBy(raised, key.publicKey))
  },
)

test("a checkpoint of an empty tree has its root and no other", () => {
  const origin = auditOrigin(workspaceId, 1)
  assert.equal(parseCheckpoint(signCheckpoint({ origin, size: 0, rootHash: emptyTreeHash }, key)).size, 0)
  assert.throws(() => signCheckpoint({ origin, size: 0, rootHash: new Uint8Array(32) }, key), /empty tree/)
})

test("what is no checkpoint is refused, though it be a signed note", () => {
  const root = toBase64(new Uint8Array(32).fill(9))
  const bad = {
    "no size": `log\n${root}\n`,
    "no origin": `\n1\n${root}\n`,
    "a leading zero": `log\n01\n${root}\n`,
    "a sign": `log\n+1\n${root}\n`,
    "a fraction": `log\n1.0\n${root}\n`,
    "a size above 2^53 - 1": `log\n9007199254740992\n${root}\n`,
    "a root of 31 bytes": `log\n1\n${toBase64(new Uint8Array(31))}\n`,
    "a root in base64url": `log\n1\n${toBase64(new Uint8Array(32).fill(255)).replaceAll("/", "_")}\n`,
    "an extension line": `log\n1\n${root}\nmore\n`,
    "an empty line after the root": `log\n1\n${root}\n\n`,
    "an empty line before the origin": `\nlog\n1\n${root}\n`,
  }
  for (const [why, text] of Object.entries(bad)) {
    assert.throws(() => parseCheckpoint(signNote(text, "log", key)), { code: "invalid_document" }, why)
  }
})

test("nothing is signed that no reader would take", () => {
  const good = { origin: "log", size: 1, rootHash: new Uint8Array(32) }
  const bad = [{ origin: "" }, { origin: "a b" }, { origin: "a\n1" }, { size: -1 }, { size: 1.5 }, { size: 2 ** 53 }]
  for (const change of [...bad, { rootHash: new Uint8Array(31) }]) {
    assert.throws(() => signCheckpoint({ ...good, ...change }, key))
  }
})

test("an audit key is an Ed25519 key that can be trusted at all", () => {
  assert.ok(isAuditKey(key.publicKey))
  for (const bad of [new Uint8Array(32), new Uint8Array(31), new Uint8Array(0)]) assert.ok(!isAuditKey(bad))
})
