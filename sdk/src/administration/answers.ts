/** Administrative answers (`core/wire/{clients,keysets,workspace}.ts`) as typed data. */
import { isApiKeyId, isClientId } from "@halfkey/core/formats/ids"
import { parseApiKey } from "@halfkey/core/formats/text-keys"
import { wipe } from "@halfkey/core/primitives/bytes"
import { type AnswerReader, invalidResponse, malformedAnswer } from "../answer-reader.ts"
import type { ApiKey, CreatedApiKey, RotatedApiKey } from "./api-key-types.ts"
import type { KeysetSummary } from "./environment-types.ts"
import type { Client, MemberMode, Role } from "./types.ts"

/** A client with its public keys, as the server sent them: unproven until they hash to the id. */
export interface ServedClient extends Client {
  /** 32 bytes. */
  readonly signPk: Uint8Array
  /** 1,216 bytes. */
  readonly kemPk: Uint8Array
}

export function readKeysetSummary(answer: AnswerReader): KeysetSummary {
  const mode = answer.field("mode")
  return {
    keysetId: answer.field("keysetId").uuid(),
    name: answer.field("name").shown(100),
    kind: answer.field("kind").oneOf("environment", "tenant"),
    state: answer.field("state").oneOf("enabled", "disabled", "destroyed"),
    revision: answer.field("revision").integer(1),
    memberCount: answer.field("memberCount").integer(0),
    mode: mode.present ? readMode(mode) : null,
    createdAt: answer.field("createdAt").time(),
    updatedAt: answer.field("updatedAt").time(),
    undoUntil: answer.field("undoUntil").timeOrNull(),
    purgedAt: answer.field("purgedAt").timeOrNull(),
  }
}

export function readClient(answer: AnswerReader): ServedClient {
  const clientId = answer.field("clientId").uuid()
  if (!isClientId(clientId)) throw malformedAnswer("clientId", "a client id (UUIDv8)")
  return {
    clientId,
    signPk: answer.field("signPk").bytes(32),
    kemPk: answer.field("kemPk").bytes(1216),
    label: answer.field("label").shown(100),
    granter: answer.field("granter").flag(),
    device: answer.field("device").present ? answer.field("device").oneOf("admin", "member") : null,
    environments: answer
      .field("environments")
      .list()
      .map((item) => ({
        name: item.field("name").shown(100),
        keysetId: item.field("keysetId").uuid(),
        mode: readMode(item.field("mode")),
      })),
    createdAt: answer.field("createdAt").time(),
    lastUsedAt: answer.field("lastUsedAt").timeOrNull(),
    revokedAt: answer.field("revokedAt").timeOrNull(),
  }
}

/** Without the keys, which nobody but the grant needs. */
export function publicClient({ signPk: _, kemPk: __, ...client }: ServedClient): Client {
  return client
}

export function readApiKey(answer: AnswerReader): ApiKey {
  const rotatedTo = answer.field("rotatedTo")
  return {
    id: readApiKeyId(answer.field("id")),
    label: answer.field("label").shown(100),
    role: readRole(answer.field("role")),
    clientId: answer.field("clientId").textOrNull(),
    readOnly: answer.field("readOnly").flag(),
    environments: readTexts(answer.field("environments")),
    networks: readTexts(answer.field("networks")),
    createdAt: answer.field("createdAt").time(),
    expiresAt: answer.field("expiresAt").timeOrNull(),
    revokedAt: answer.field("revokedAt").timeOrNull(),
    rotatedTo: rotatedTo.present ? readApiKeyId(rotatedTo) : null,
    lastUsedAt: answer.field("lastUsedAt").timeOrNull(),
  }
}

function readApiKeyId(answer: AnswerReader): string {
  const id = answer.text(16)
  if (!isApiKeyId(id)) throw malformedAnswer("id", "the id of an API key")
  return id
}

/** The one time that the secret travels. It must be the whole key of this id, since it is shown only once. */
export function readCreatedApiKey(answer: AnswerReader): CreatedApiKey {
  const apiKey = readApiKey(answer.field("apiKey"))
  const secret = answer.field("secret").text(200)
  if (apiKeyIdOf(secret) !== apiKey.id) throw invalidResponse("its API key is damaged")
  return { apiKey, secret }
}

/** A key that was rotated, and the one in its place: both must be what was asked for. */
export function readRotatedApiKey(answer: AnswerReader, asked: string): RotatedApiKey {
  const created = readCreatedApiKey(answer)
  const rotated = readApiKey(answer.field("rotated"))
  if (rotated.id !== asked || rotated.rotatedTo !== created.apiKey.id || created.apiKey.id === asked) {
    throw invalidResponse("it is about another API key")
  }
  return { ...created, rotated }
}

export function readRole(answer: AnswerReader): Role {
  return answer.oneOf("admin", "member", "control")
}

function readMode(answer: AnswerReader): MemberMode {
  return answer.oneOf("read-write", "read", "write")
}

export function readTexts(answer: AnswerReader): readonly string[] | null {
  return answer.present ? answer.list().map((item) => item.shown(100)) : null
}

function apiKeyIdOf(text: string): string | undefined {
  try {
    const { keyId, secret } = parseApiKey(text)
    wipe(secret)
    return keyId
  } catch {
    return undefined
  }
}
