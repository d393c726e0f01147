/** Vectors of S2, S3 and S12 that need no keys: encodings, derivations, ids, keys as text, canonical JSON. */
import { type AuditEntry, auditEntryBytes, auditLeafHash } from "@halfkey/core/formats/audit-entry"
import { canonicalJson, type JsonValue } from "@halfkey/core/formats/canonical-json"
import { formatCrn } from "@halfkey/core/formats/crn"
import { type DerivationLabel, derive } from "@halfkey/core/formats/derive"
import { type ApiKeyId, uuidBytes, workspaceIdOf } from "@halfkey/core/formats/ids"
import { type PaeField, pae, paeList } from "@halfkey/core/formats/pae"
import { paddedLength, recordLength } from "@halfkey/core/formats/record"
import * as textKeys from "@halfkey/core/formats/text-keys"
import { fixed, fixedClient, fixedKeysetId, fixedRoot, hex, now } from "./fixed.ts"

interface Described {
  readonly bytes?: string
  readonly text?: string
  readonly integer?: number
  readonly absent?: true
  readonly list?: { readonly item: string; readonly of: readonly Described[][] }
}

function field({ bytes, text, integer, list }: Described): PaeField {
  if (list) return paeList(list.of.map((fields) => pae(list.item, ...fields.map(field))))
  return bytes === undefined ? (text ?? integer) : new Uint8Array(Buffer.from(bytes, "hex"))
}

export function paeVectors() {
  const cases: readonly (readonly [label: string, ...fields: Described[]])[] = [
    ["client/sign"],
    ["vector", { absent: true }],
    ["vector", { bytes: "" }],
    ["vector", { bytes: "00" }],
    ["vector", { bytes: "00ff10" }, { bytes: "" }],
    ["vector", { bytes: "" }, { bytes: "00ff10" }],
    ["vector", { text: "naïve ☂ 🗝" }],
    ...[0, 1, 255, 256, 0xffff_ffff, 0x1_0000_0000, Number.MAX_SAFE_INTEGER].map(
      (integer) => ["vector", { integer }] as const,
    ),
    ["vector", { list: { item: "vector/item", of: [] } }],
    [
      "vector",
      {
        list: {
          item: "vector/item",
          of: [
            [{ integer: 1 }, { text: "a" }],
            [{ integer: 2 }, { text: "" }],
          ],
        },
      },
    ],
    ["vector", { list: { item: "vector/item", of: [[]] } }, { text: "after" }],
  ]
  return {
    description:
      "pae(label, fields…) of S2. The label stands without its halfkey/v1/; bytes and results are hexadecimal.",
    cases: cases.map(([label, ...fields]) => ({ label, fields, pae: hex(pae(label, ...fields.map(field))) })),
    refused: [
      { why: "a lone surrogate", field: { text: "a\ud800" } },
      { why: "a negative integer", field: { integer: -1 } },
      { why: "a fraction", field: { integer: 1.5 } },
      { why: "above 2^53 - 1", field: { integer: 2 ** 53 } },
    ],
  }
}

export function deriveVectors() {
  const labels: DerivationLabel[] = [
    ...(["workspace/sign", "workspace/kem"] as const),
    ...(["client/sign", "client/kem", "client/self-wrap", "client/cache"] as const),
  ]
  const seeds = [new Uint8Array(32), new Uint8Array(32).fill(0xff), fixed("derive")]
  return {
    description: "derive(seed, label, 32) of S2: HKDF-SHA-256 with an empty salt and info = pae(label).",
    cases: seeds.flatMap((seed) =>
      labels.map((label) => ({ seed: hex(seed), label, key: hex(derive(seed, label, 32)) })),
    ),
  }
}

export async function idVectors() {
  const root = await fixedRoot("first")
  const clients = [await fixedClient(root, "one"), await fixedClient(root, "two")]
  const keysetId = fixedKeysetId("production")
  const small = { signPk: new Uint8Array(32), kemPk: new Uint8Array(1216) }
  return {
    description: "Workspace ids and client ids from public keys (S3), and UUIDs as bytes.",
    workspaces: [root.publicKeys, small].map(({ signPk, kemPk }) => ({
      signPk: hex(signPk),
      kemPk: hex(kemPk),
      workspaceId: workspaceIdOf(signPk, kemPk),
    })),
    clients: clients.map(({ signPk, kemPk, clientId }) => ({
      workspaceId: root.workspaceId,
      signPk: hex(signPk),
      kemPk: hex(kemPk),
      clientId,
    })),
    uuids: [{ uuid: keysetId, bytes: hex(uuidBytes(keysetId)) }],
    refused: {
      workspaceId: ["", "A".repeat(25), "A".repeat(27), `${"A".repeat(25)}1`, "a".repeat(26), `${"A".repeat(25)}=`],
      clientId: [
        keysetId,
        keysetId.toUpperCase(),
        "00000000-0000-8000-7000-000000000000",
        "00000000-0000-8000-8000-00000000000",
        "00000000000080008000000000000000",
        "{00000000-0000-8000-8000-000000000000}",
      ],
      keysetId: [keysetId.toUpperCase(), keysetId.replaceAll("-", ""), `${keysetId} `, `urn:uuid:${keysetId}`, ""],
      apiKeyId: ["a".repeat(15), "a".repeat(17), "A".repeat(16), `${"a".repeat(15)}1`, ""],
    },
  }
}

export async function crnVectors() {
  const { workspaceId } = await fixedRoot("first")
  const regions = ["local.self", "us-east-1.aws", "a.b", `${"r".repeat(32)}.${"p".repeat(32)}`]
  const crn = formatCrn("local.self", workspaceId)
  return {
    description: "Workspace CRNs (S3).",
    cases: regions.map((region) => ({ crn: formatCrn(region, workspaceId), region, workspaceId })),
    refused: [
      "",
      "crn",
      "crn:local.self",
      ` ${crn}`,
      `${crn}\n`,
      `${crn}:`,
      crn.toUpperCase(),
      crn.toLowerCase(),
      crn.slice(0, -1),
      `${crn}A`,
      ...["local", "local.", ".self", "a.b.c", "-a.b", "a-.b", "Local.self", `${"r".repeat(33)}.b`, "a_b.c"].map(
        (region) => `crn:${region}:${workspaceId}`,
      ),
    ],
  }
}

export function textKeyVectors() {
  const key = fixed("text key")
  const keyId = "abcdefghij234567" as ApiKeyId
  const kinds = {
    clientKey: textKeys.formatClientKey,
    recoveryKit: textKeys.formatRecoveryKit,
    setupToken: textKeys.formatSetupToken,
  }
  const clientKey = textKeys.formatClientKey(key)
  const apiKey = textKeys.formatApiKey({ keyId, secret: key })
  return {
    description: "Keys as text (S3): prefix, base64url of 32 bytes and 4 bytes of checksum.",
    cases: Object.entries(kinds).flatMap(([kind, format]) =>
      [key, new Uint8Array(32), new Uint8Array(32).fill(0xff)].map((bytes) => ({
        kind,
        bytes: hex(bytes),
        text: format(bytes),
      })),
    ),
    apiKeys: [key, new Uint8Array(32)].map((secret) => ({
      keyId,
      secret: hex(secret),
      text: textKeys.formatApiKey({ keyId, secret }),
    })),
    refused: {
      clientKey: [
        "",
        clientKey.slice(0, -1),
        `${clientKey}A`,
        `${clientKey}=`,
        ` ${clientKey}`,
        clientKey.replace("hkck_", "hkrk_"),
        clientKey.replace("hkck_", ""),
        textKeys.formatRecoveryKit(key),
        `hkck_${"A".repeat(48)}`,
        `${clientKey.slice(0, 20)}${clientKey[20] === "x" ? "y" : "x"}${clientKey.slice(21)}`,
      ],
      apiKey: [
        apiKey.replace("hkak_a", "hkak_b"),
        apiKey.replace("hkak_a", "hkak_A"),
        apiKey.replace("hkak_a", "hkak_"),
        apiKey.slice(0, -1),
        clientKey,
      ],
    },
  }
}

export function paddingVectors() {
  const lengths = [0, 1, 30, 31, 32, 35, 36, 127, 254, 255, 256, 271, 272, 1000, 4095, 4096, 65_537, 1_048_577]
  return {
    description:
      "Padded lengths (S7), and the lengths of records, by length of the plaintext (type byte included) in bytes.",
    cases: [32, 256].flatMap((minimum) =>
      lengths.map((length) => ({
        minimum,
        plaintext: length,
        padded: paddedLength(length, minimum),
        record: recordLength(length, minimum),
      })),
    ),
  }
}

export async function canonicalJsonVectors() {
  const { workspaceId } = await fixedRoot("first")
  const values: JsonValue[] = [
    {
      literals: [null, true, false],
      numbers: [333333333.3333333, 1e30, 4.5, 2e-3, 1e-27],
      string: '€$\u000f\nA\'B"\\\\"/',
    },
    // As text, since a literal would take __proto__ for the prototype.
    JSON.parse(
      '{"\\u20ac":1,"\\r":2,"\\ufb33":3,"1":4,"\\ud83d\\ude00":5,"\\u0080":6,"\\u00f6":7,"__proto__":null,"constructor":{},"":[]}',
    ),
    [-0, 0, 1e21, 1e-7, 9007199254740991, -5e-324, [[]], "\u2028\u007f\ud83d\ude00"],
    "text",
  ]
  const entry: AuditEntry = {
    v: 1,
    id: "0b7d1f2c-6f4e-4a57-9a57-0e0c9b0f7a11",
    time: new Date(now).toISOString(),
    workspaceId,
    requestId: "req-1",
    action: "secret.read",
    outcome: "allowed",
    environment: "production",
    names: ["DATABASE_URL@3", "payments/stripe.key@1"],
    address: "127.0.0.1",
    userAgent: "halfkey/0.1.0",
  }
  return {
    description: "RFC 8785 canonical JSON, and an audit entry with its RFC 6962 leaf hash (S12).",
    cases: values.map((value) => ({ value, bytes: hex(canonicalJson(value)) })),
    entry: { value: entry, bytes: hex(auditEntryBytes(entry)), leafHash: hex(auditLeafHash(auditEntryBytes(entry))) },
  }
}
