/** The vault's answers (`core/wire/secrets.ts`) as typed data. Whatever does not fit is `invalid_response`. */
import { secretNameProblem } from "@halfkey/core/formats/secret-name"
import { type AnswerReader, invalidResponse } from "./answer-reader.ts"
import type { SecretVersion } from "./secret.ts"

type SecretsWire = typeof import("@halfkey/core/wire/secrets")

/** Most names of one request; the type holds it in step with the server's. */
export const namesPerRequest: SecretsWire["namesPerRequest"] = 500

export interface ServedMetadata {
  readonly id: string
  readonly name: string
  readonly version: number
  readonly deleted: boolean
  readonly createdAt: string
  readonly updatedAt: string
}

export interface ServedRecord extends ServedMetadata {
  readonly record: Uint8Array
  /** 32 bytes. */
  readonly keySeed: Uint8Array
}

export interface NameAndVersion {
  readonly name: string
  readonly version?: number | undefined
}

export interface ReadAnswer {
  /** The bundle, where it was sent. */
  readonly keyset: AnswerReader
  readonly records: readonly ServedRecord[]
  readonly missing: readonly NameAndVersion[]
  readonly rest: readonly NameAndVersion[]
  readonly next: string | null
}

export interface OfferedSecret {
  readonly name: string
  /** 0: never written. */
  readonly currentVersion: number
  readonly deleted: boolean
  readonly nextVersion: number
  /** 16 bytes. */
  readonly keyId: Uint8Array
  /** 32 bytes. */
  readonly keySeed: Uint8Array
}

export interface PrepareAnswer {
  readonly keyset: AnswerReader
  readonly epoch: number
  readonly secrets: readonly OfferedSecret[]
}

export function readReadAnswer(answer: AnswerReader): ReadAnswer {
  return {
    keyset: answer.field("keyset"),
    records: answer
      .field("records")
      .list()
      .map((item) => ({
        ...readMetadata(item),
        record: item.field("record").bytes(),
        keySeed: item.field("keySeed").bytes(32),
      })),
    missing: readNames(answer.field("missing")),
    rest: readNames(answer.field("rest")),
    next: answer.field("next").textOrNull(),
  }
}

export function readPrepareAnswer(answer: AnswerReader): PrepareAnswer {
  return {
    keyset: answer.field("keyset"),
    epoch: answer.field("epoch").integer(1),
    secrets: answer
      .field("secrets")
      .list()
      .map((item) => ({
        name: item.field("name").text(),
        currentVersion: item.field("currentVersion").integer(0),
        deleted: item.field("deleted").flag(),
        nextVersion: item.field("nextVersion").integer(1),
        keyId: item.field("keyId").bytes(16),
        keySeed: item.field("keySeed").bytes(32),
      })),
  }
}

export function readMetadataList(answer: AnswerReader): ServedMetadata[] {
  return answer.field("secrets").list().map(readMetadata)
}

export function readHistoryAnswer(answer: AnswerReader, name: string): SecretVersion[] {
  if (answer.field("name").text() !== name) throw invalidResponse("it is the history of another secret")
  const versions = answer
    .field("versions")
    .list()
    .map((item) => ({
      version: item.field("version").integer(1),
      deleted: item.field("deleted").flag(),
      createdAt: item.field("createdAt").time(),
      clientId: item.field("clientId").uuid(),
      epoch: item.field("epoch").integer(1),
      size: item.field("size").integer(0),
    }))
  if (versions.some(({ version }, index) => index > 0 && version >= (versions[index - 1]?.version ?? 0))) {
    throw invalidResponse("its versions are not in descending order")
  }
  return versions
}

function readMetadata(answer: AnswerReader): ServedMetadata {
  const name = answer.field("name").text()
  if (secretNameProblem(name) !== undefined) throw invalidResponse("it holds a name that no secret can have")
  return {
    id: answer.field("id").uuid(),
    name,
    version: answer.field("version").integer(1),
    deleted: answer.field("deleted").flag(),
    createdAt: answer.field("createdAt").time(),
    updatedAt: answer.field("updatedAt").time(),
  }
}

function readNames(answer: AnswerReader): NameAndVersion[] {
  return answer.list().map((item) => {
    const version = item.field("version")
    return { name: item.field("name").text(), version: version.present ? version.integer(1) : undefined }
  })
}
