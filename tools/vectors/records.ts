/** Vectors of records (S7): every value on the way, and each region of a record, its place and its keys changed. */
import { deriveDataKey, recordPrk, recordSalt } from "@halfkey/core/client/data-key"
import { sealRecord } from "@halfkey/core/client/record-crypto"
import { encodeRecordHeader, encodeVaultPlaintext } from "@halfkey/core/formats/record"
import { type RecordContext, unboundRow } from "@halfkey/core/formats/record-context"
import { join, seal } from "../../tests/vectors/independent.ts"
import { fixed, fixedKeysetId, fixedRoot, hex } from "./fixed.ts"
import { halfOf, keysetId, workspaceId } from "./world.ts"

const place = { workspaceId, keysetId }
const secret = (name: string, version: number): RecordContext => ({ purpose: "secret", ...place, name, version })
const field = (row: string | typeof unboundRow): RecordContext => ({
  purpose: "field",
  ...place,
  table: "users",
  column: "email",
  row,
})
const value = (text: string | Uint8Array) =>
  encodeVaultPlaintext({ kind: "value", value: typeof text === "string" ? new TextEncoder().encode(text) : text })

const sealings: readonly (readonly [name: string, context: RecordContext, plaintext: Uint8Array])[] = [
  ["a value", secret("DATABASE_URL", 1), value("postgres://app@db.internal/app")],
  ["the next version of it", secret("DATABASE_URL", 2), value("postgres://app@db.internal/app")],
  ["a tombstone", secret("DATABASE_URL", 3), encodeVaultPlaintext({ kind: "tombstone" })],
  ["an empty value", secret("EMPTY", 1), value("")],
  ["the longest value of the least length", secret("payments/stripe.key", 7), value(fixed("254 bytes", 254))],
  ["a value longer than that", secret("_", Number.MAX_SAFE_INTEGER), value(fixed("255 bytes", 255))],
  ["a field", field("42"), new TextEncoder().encode("ada@example.com")],
  ["a field bound to no row", field(unboundRow), new TextEncoder().encode("ada@example.com")],
  ["an empty field", field("43"), new Uint8Array(0)],
]

const contextJson = (context: RecordContext) =>
  context.purpose === "field" && context.row === unboundRow ? { ...context, row: null } : context

const epoch = 3
const keys = { clientHalf: halfOf(epoch), keySeed: fixed("key seed") }

function sealing([name, context, plaintext]: (typeof sealings)[number]) {
  const input = { keyId: fixed(`key id ${name}`, 16), random32: fixed(`random32 ${name}`), epoch }
  const prk = recordPrk(keys.clientHalf, keys.keySeed)
  const salt = recordSalt(prk, input.random32, context, plaintext)
  const header = encodeRecordHeader({ keysetId, salt, epoch, keyId: input.keyId })
  const { dek, commit } = deriveDataKey(prk, header, context)
  return {
    name,
    context: contextJson(context),
    epoch,
    keyId: hex(input.keyId),
    random32: hex(input.random32),
    plaintext: hex(plaintext),
    prk: hex(prk),
    salt: hex(salt),
    dek: hex(dek),
    commit: hex(commit),
    record: hex(sealRecord({ context, plaintext, ...keys, ...input })),
  }
}

/** Offsets in a record of 360 bytes, first and last of each region, and what refuses a change there. */
const regions: readonly (readonly [at: number, check: string])[] = [
  ...[0, 1, 2, 3].map((at) => [at, "format"] as const),
  ...[4, 19].map((at) => [at, "key set"] as const),
  ...[20, 21, 22, 23, 24, 39, 40, 55, 56, 87].map((at) => [at, "commit"] as const),
  ...[88, 100, 343, 344, 359].map((at) => [at, "ciphertext"] as const),
]

/** A record whose keys are right, but whose padded plaintext is not what a writer makes. */
async function oddlyPadded(name: string, padded: Uint8Array, check: string) {
  const context = secret("ODD", 1)
  const salt = fixed(`salt ${name}`, 16)
  const header = encodeRecordHeader({ keysetId, epoch, keyId: fixed("key id odd", 16), salt })
  const { dek, commit } = deriveDataKey(recordPrk(keys.clientHalf, keys.keySeed), header, context)
  const sealed = await seal(dek, new Uint8Array(12), new Uint8Array(0), padded)
  return { name, context, record: hex(join(header, commit, sealed)), check }
}

function padded(length: number, ...start: number[]): Uint8Array {
  const bytes = new Uint8Array(length)
  bytes.set(start)
  return bytes
}

export async function recordVectors() {
  const otherWorkspace = (await fixedRoot("other")).workspaceId
  const cases = sealings.map(sealing)
  const record = (cases[0] as (typeof cases)[number]).record
  const long = padded(272, 0, 1, 0x80)
  return {
    description:
      "Records (S7), sealed with fixed randomness and opened. Each refusal changes the first case and names the check. (Where a whole client runs, check epoch comes before key set and commit.)",
    keys: { clientHalf: hex(keys.clientHalf), keySeed: hex(keys.keySeed) },
    cases,
    refused: {
      // Epoch 3 with bits 3 turned is epoch 0, which never exists.
      bytes: [...regions.map(([at, check]) => ({ at, xor: 4, check })), { at: 20, xor: epoch, check: "format" }],
      lengths: [
        { record: "", check: "format" },
        { record: record.slice(0, 270), check: "format" },
        { record: record.slice(0, -2), check: "ciphertext" },
        { record: `${record}00`, check: "ciphertext" },
      ],
      contexts: [
        { change: { workspaceId: otherWorkspace }, check: "commit" },
        { change: { keysetId: fixedKeysetId("staging") }, check: "key set" },
        { change: { name: "DATABASE_URl" }, check: "commit" },
        { change: { version: 2 }, check: "commit" },
      ],
      keys: [
        { change: { clientHalf: hex(halfOf(1)) }, check: "commit" },
        { change: { keySeed: hex(fixed("another key seed")) }, check: "commit" },
        { change: { clientHalf: hex(keys.keySeed), keySeed: hex(keys.clientHalf) }, check: "commit" },
      ],
      fieldContexts: ["table", "column", "row"].map((name) => ({
        case: 6,
        change: { [name]: "other" },
        check: "commit",
      })),
      unbound: [
        { case: 6, change: { row: null }, check: "commit" },
        { case: 7, change: { row: "42" }, check: "commit" },
      ],
      padding: [
        await oddlyPadded("only zeros", padded(256), "padding"),
        await oddlyPadded("no mark", padded(256, 0, 1, 0x81), "padding"),
        await oddlyPadded("longer than the least", long, "padding"),
        await oddlyPadded("shorter than the least", padded(255, 0, 1, 0x80), "padding"),
        await oddlyPadded("not a Padmé length", join(padded(260).fill(1), padded(1, 0x80)), "padding"),
        await oddlyPadded("no type", padded(256, 0x80), "type"),
        await oddlyPadded("an unknown type", padded(256, 2, 0x80), "type"),
        await oddlyPadded("a tombstone with a value", padded(256, 1, 7, 0x80), "type"),
      ],
    },
    neverSealed: [{ change: { name: "" } }, { change: { name: "\ud800" } }, { change: { version: -1 } }],
  }
}
