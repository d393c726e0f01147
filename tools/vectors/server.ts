/** Vectors of what the server computes (S6, S11), and of the client assertion that it reads (S8). */
import { signClientAssertion } from "@halfkey/core/client/client-assertion"
import { formatCrn } from "@halfkey/core/formats/crn"
import { SeedMaker } from "@halfkey/core/key-service/authority-key"
import { BackupChunks, encodeBackupHeader } from "@halfkey/core/key-service/backup"
import { RootKey, type WrapContext } from "@halfkey/core/key-service/root-key"
import { concatBytes } from "@halfkey/core/primitives/bytes"
import { sha256 } from "@halfkey/core/primitives/hash"
import { fixed, fixedKeysetId, fixedRoot, hex, now } from "./fixed.ts"
import { ci, keysetId, workspaceId } from "./world.ts"

export async function keySeedVectors() {
  const authorityKey = fixed("authority key")
  const places = [
    { workspaceId, keysetId, epoch: 1 },
    { workspaceId, keysetId, epoch: 0xffff_ffff },
    { workspaceId, keysetId: fixedKeysetId("staging"), epoch: 1 },
    { workspaceId: (await fixedRoot("other")).workspaceId, keysetId, epoch: 1 },
  ]
  const keyIds = [new Uint8Array(16), fixed("key id", 16)]
  return {
    description: "Key seeds (S6): HMAC under the authority key.",
    authorityKey: hex(authorityKey),
    cases: places.flatMap((place) => {
      const seeds = new SeedMaker(authorityKey, place.workspaceId, place.keysetId, place.epoch)
      return keyIds.map((keyId) => ({ ...place, keyId: hex(keyId), keySeed: hex(seeds.seed(keyId)) }))
    }),
  }
}

export async function rootKeyVectors() {
  const key = fixed("root key")
  const rootKey = new RootKey(fixed("root key"))
  const contexts: WrapContext[] = [
    { kind: "authority-key", workspaceId, keysetId, epoch: 1 },
    { kind: "token-key" },
    { kind: "checkpoint-key" },
    { kind: "checkpoint-key", workspaceId },
  ]
  const nonce = (length: number) => fixed("wrap nonce", length)
  const cases = contexts.map((context) => ({
    context,
    secret: hex(fixed("wrapped")),
    wrapped: hex(rootKey.wrap(context, fixed("wrapped"), nonce)),
  }))
  const changes = [
    { kind: "token-key" },
    { epoch: 2 },
    { keysetId: fixedKeysetId("staging") },
    { workspaceId: (await fixedRoot("other")).workspaceId },
  ]
  return {
    description: "The server's root key (S11): its id, and secrets wrapped under it. Refusals change the first case.",
    key: hex(key),
    rootKeyId: hex(rootKey.id),
    nonce: hex(nonce(12)),
    cases,
    refused: {
      bytes: [0, 11, 12, 43, 44, 59].map((at) => ({ at, xor: 1 })),
      contexts: changes.map((change) => ({ change })),
      rootKeys: [hex(fixed("another root key"))],
      wrapped: ["", hex(fixed("short", 12)), hex(fixed("short", 27))],
    },
  }
}

export function backupVectors() {
  const rootKey = new RootKey(fixed("root key"))
  const chunkLength = 32
  const headerBytes = encodeBackupHeader({
    createdAt: new Date(now).toISOString(),
    server: "0.1.0",
    schema: 1,
    key: { kind: "root-key", id: rootKey.fingerprint, derivation: null },
    chunkLength,
    random: fixed("backup"),
  })
  const file = (plaintext: Uint8Array) => {
    const chunks = new BackupChunks(rootKey, headerBytes)
    const parts = [headerBytes]
    let from = 0
    do {
      const chunk = plaintext.subarray(from, from + chunkLength)
      from += chunkLength
      parts.push(chunks.seal(chunk, from >= plaintext.length))
    } while (from < plaintext.length)
    return concatBytes(...parts, sha256(concatBytes(...parts)))
  }
  const lengths = [0, 1, 31, 32, 33, 64, 70]
  return {
    description:
      "Backup files (S11): header, chunks, checksum. Byte refusals change the last case, its checksum made anew.",
    rootKey: hex(fixed("root key")),
    header: new TextDecoder().decode(headerBytes),
    fileKey: hex(rootKey.backupKey(headerBytes)),
    cases: lengths.map((length) => {
      const plaintext = fixed("database", length)
      return { plaintext: hex(plaintext), file: hex(file(plaintext)) }
    }),
    refused: [20, headerBytes.length, headerBytes.length + 48, headerBytes.length + 117].map((at) => ({ at, xor: 1 })),
  }
}

export function clientAssertionVectors() {
  const crn = formatCrn("local.self", workspaceId)
  return {
    description: "The client assertion (S8): a JWT, deterministic but for its jti.",
    clientKey: ci.clientKey,
    clientId: ci.clientId,
    signPk: hex(ci.signPk),
    crn,
    now,
    random: hex(fixed("jti", 16)),
    assertion: signClientAssertion(ci.identity, crn, now, (length) => fixed("jti", length)),
  }
}
