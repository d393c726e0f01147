import assert from "node:assert/strict"
import { test } from "node:test"
import { type AuditEntry, auditEntryBytes, auditLeafHash } from "@halfkey/core/formats/audit-entry"
import { canonicalJson, type JsonValue } from "@halfkey/core/formats/canonical-json"
import { formatCrn, parseCrn } from "@halfkey/core/formats/crn"
import { type DerivationLabel, derive } from "@halfkey/core/formats/derive"
import * as ids from "@halfkey/core/formats/ids"
import { type PaeField, pae, paeList } from "@halfkey/core/formats/pae"
import { paddedLength, recordLength } from "@halfkey/core/formats/record"
import * as textKeys from "@halfkey/core/formats/text-keys"
import * as spec from "./independent.ts"
import { vectors } from "./vector-file.ts"

interface Described {
  readonly bytes?: string
  readonly text?: string
  readonly integer?: number
  readonly absent?: true
  readonly list?: { readonly item: string; readonly of: readonly Described[][] }
}

function coreField({ bytes, text, integer, list }: Described): PaeField {
  if (list) return paeList(list.of.map((fields) => pae(list.item, ...fields.map(coreField))))
  return bytes === undefined ? (text ?? integer) : spec.unhex(bytes)
}

function specField({ bytes, text, integer, list }: Described): spec.Field {
  if (list) return { item: list.item, of: list.of.map((fields) => fields.map(specField)) }
  return bytes === undefined ? (text ?? integer ?? null) : spec.unhex(bytes)
}

test("pae gives the bytes of the vectors, also when computed from the specification", () => {
  const { cases, refused } = vectors<{
    cases: { label: string; fields: Described[]; pae: string }[]
    refused: { why: string; field: Described }[]
  }>("pae.json")
  for (const { label, fields, pae: expected } of cases) {
    assert.equal(spec.hex(pae(label, ...fields.map(coreField))), expected)
    assert.equal(spec.hex(spec.pae(label, ...fields.map(specField))), expected)
  }
  for (const { why, field } of refused) assert.throws(() => pae("vector", coreField(field)), RangeError, why)
})

test("derivations give the keys of the vectors, also when computed from the specification", async () => {
  const { cases } = vectors<{ cases: { seed: string; label: DerivationLabel; key: string }[] }>("derive.json")
  for (const { seed, label, key } of cases) {
    assert.equal(spec.hex(derive(spec.unhex(seed), label, 32)), key)
    assert.equal(spec.hex(await spec.derive(spec.unhex(seed), label)), key)
  }
  assert.equal(new Set(cases.map(({ key }) => key)).size, cases.length)
})

interface IdVectors {
  workspaces: { signPk: string; kemPk: string; workspaceId: string }[]
  clients: { workspaceId: ids.WorkspaceId; signPk: string; kemPk: string; clientId: string }[]
  uuids: { uuid: ids.KeysetId; bytes: string }[]
  refused: Record<"workspaceId" | "clientId" | "keysetId" | "apiKeyId", string[]>
}

test("ids commit to public keys as in the vectors, also when computed from the specification", async () => {
  const file = vectors<IdVectors>("ids.json")
  for (const { signPk, kemPk, workspaceId } of file.workspaces) {
    const keys = [spec.unhex(signPk), spec.unhex(kemPk)] as const
    assert.equal(ids.workspaceIdOf(...keys), workspaceId)
    assert.equal(spec.base32(await spec.sha256(spec.pae("workspace/id", ...keys))).slice(0, 26), workspaceId)
    assert.ok(ids.isWorkspaceId(workspaceId))
  }
  for (const { workspaceId, signPk, kemPk, clientId } of file.clients) {
    const keys = [spec.unhex(signPk), spec.unhex(kemPk)] as const
    assert.equal(ids.clientIdOf(workspaceId, ...keys), clientId)
    const hash = (await spec.sha256(spec.pae("client/id", workspaceId, ...keys))).slice(0, 16)
    hash[6] = ((hash[6] as number) & 0x0f) | 0x80
    hash[8] = ((hash[8] as number) & 0x3f) | 0x80
    assert.equal(spec.hex(hash), clientId.replaceAll("-", ""))
    assert.ok(ids.isClientId(clientId))
  }
  for (const { uuid, bytes } of file.uuids) {
    assert.equal(spec.hex(ids.uuidBytes(uuid)), bytes)
    assert.equal(ids.uuidFromBytes(spec.unhex(bytes)), uuid)
  }
})

test("ids in any other form are refused", () => {
  const { refused } = vectors<IdVectors>("ids.json")
  for (const text of refused.workspaceId) assert.ok(!ids.isWorkspaceId(text), text)
  for (const text of refused.clientId) assert.ok(!ids.isClientId(text), text)
  for (const text of refused.keysetId) assert.ok(!ids.isKeysetId(text), text)
  for (const text of refused.apiKeyId) assert.ok(!ids.isApiKeyId(text), text)
})

test("CRNs are read and written as in the vectors, and every other form is refused", () => {
  const file = vectors<{ cases: { crn: string; region: string; workspaceId: ids.WorkspaceId }[]; refused: string[] }>(
    "crn.json",
  )
  for (const { crn, region, workspaceId } of file.cases) {
    assert.deepEqual(parseCrn(crn), { text: crn, region, workspaceId })
    assert.equal(formatCrn(region, workspaceId), crn)
  }
  for (const crn of file.refused) assert.throws(() => parseCrn(crn), { code: "invalid_crn" }, crn)
})

interface TextKeyVectors {
  cases: { kind: "clientKey" | "recoveryKit" | "setupToken"; bytes: string; text: string }[]
  apiKeys: { keyId: ids.ApiKeyId; secret: string; text: string }[]
  refused: { clientKey: string[]; apiKey: string[] }
}

const textFormats = {
  clientKey: { prefix: "hkck_", format: textKeys.formatClientKey, parse: textKeys.parseClientKey },
  recoveryKit: { prefix: "hkrk_", format: textKeys.formatRecoveryKit, parse: textKeys.parseRecoveryKit },
  setupToken: { prefix: "hkst_", format: textKeys.formatSetupToken, parse: textKeys.parseSetupToken },
}

async function textFromSpecification(prefix: string, key: Uint8Array): Promise<string> {
  const checksum = (await spec.sha256(spec.pae("text-checksum", prefix, key))).slice(0, 4)
  return prefix + spec.base64url(spec.join(key, checksum))
}

test("keys as text are those of the vectors, also when computed from the specification", async () => {
  const file = vectors<TextKeyVectors>("text-keys.json")
  for (const { kind, bytes, text } of file.cases) {
    const { prefix, format, parse } = textFormats[kind]
    assert.equal(format(spec.unhex(bytes)), text)
    assert.equal(spec.hex(parse(text)), bytes)
    assert.equal(await textFromSpecification(prefix, spec.unhex(bytes)), text)
  }
  for (const { keyId, secret, text } of file.apiKeys) {
    assert.equal(textKeys.formatApiKey({ keyId, secret: spec.unhex(secret) }), text)
    assert.deepEqual(textKeys.parseApiKey(text), { keyId, secret: spec.unhex(secret) })
    assert.equal(await textFromSpecification(`hkak_${keyId}_`, spec.unhex(secret)), text)
  }
})

test("keys as text with any mistake are refused, and the error does not repeat them", () => {
  const { refused } = vectors<TextKeyVectors>("text-keys.json")
  const refusal = (text: string) => (error: Error & { code?: string }) => {
    assert.equal(error.code, "invalid_key_text")
    assert.ok(text.length < 10 || !error.message.includes(text.slice(5, 20)))
    return true
  }
  for (const text of refused.clientKey) assert.throws(() => textKeys.parseClientKey(text), refusal(text), text)
  for (const text of refused.apiKey) assert.throws(() => textKeys.parseApiKey(text), refusal(text), text)
})

/** Padmé with logarithms instead of counted zeros, as the specification writes it. */
function paddedFromSpecification(plaintext: number, minimum: number): number {
  const length = plaintext + 1
  if (length <= minimum) return minimum
  const e = Math.floor(Math.log2(length))
  const s = Math.floor(Math.log2(e)) + 1
  return Math.ceil(length / 2 ** (e - s)) * 2 ** (e - s)
}

test("padded lengths are those of the vectors, also when computed from the specification", () => {
  const file = vectors<{ cases: { minimum: number; plaintext: number; padded: number; record: number }[] }>(
    "padding.json",
  )
  for (const { minimum, plaintext, padded, record } of file.cases) {
    assert.equal(paddedLength(plaintext, minimum), padded)
    assert.equal(paddedFromSpecification(plaintext, minimum), padded)
    assert.equal(recordLength(plaintext, minimum), record)
    assert.equal(record, 56 + 32 + padded + 16)
  }
})

test("canonical JSON and leaf hashes are those of the vectors", async () => {
  const file = vectors<{
    cases: { value: JsonValue; bytes: string }[]
    entry: { value: AuditEntry; bytes: string; leafHash: string }
  }>("canonical-json.json")
  for (const { value, bytes } of file.cases) assert.equal(spec.hex(canonicalJson(value)), bytes)
  const { value, bytes, leafHash } = file.entry
  assert.equal(spec.hex(auditEntryBytes(value)), bytes)
  assert.equal(spec.hex(auditLeafHash(spec.unhex(bytes))), leafHash)
  assert.equal(spec.hex(await spec.sha256(spec.join(Uint8Array.of(0), spec.unhex(bytes)))), leafHash)
})
