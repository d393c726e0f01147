/** `halfkey/encryption`: values of a program's own database, encrypted and decrypted on this machine only. */
import { unboundRow } from "@halfkey/core/formats/record-context"
import { EncryptionClient } from "./encryption/client.ts"
import type { EncryptionOptions } from "./encryption/types.ts"

export type { EncryptedPayload } from "@halfkey/core/formats/field-payload"
export type { FieldType, FieldValues } from "@halfkey/core/formats/field-value"
export type { JsonValue } from "@halfkey/core/formats/json-text"
export type { EncryptionClient } from "./encryption/client.ts"
export {
  type ColumnValue,
  type EncryptedColumn,
  type EncryptedTable,
  encryptedColumn,
  encryptedTable,
  type TableColumn,
  type TableOf,
} from "./encryption/schema.ts"
export type {
  Absent,
  DecryptedModel,
  EncryptedModel,
  EncryptionCallOptions,
  EncryptionConfig,
  EncryptionOptions,
  FieldPlace,
  FieldToDecrypt,
  FieldToEncrypt,
  KeysetReference,
  ModelFor,
  ModelPlace,
  ModelsPlace,
  Row,
} from "./encryption/types.ts"
export { allowInsecureEndpoint } from "./options.ts"
export { type Failure, type FailureType, type ProblemCode, type Result, SecretsError, unwrap } from "./result.ts"

/** The row of a value that may be moved between rows, since it is bound to none: for where a row has no key that stays. */
export const UNBOUND: typeof unboundRow = unboundRow

/**
 * Encryption under one key set: one for each tenant keeps them apart. Sends nothing: the key set is loaded by the first call
 * that needs it, and a wrong setting is a failure of every call, as of `Secrets`. The key set is one of kind `tenant`
 * (`admin.environments.create(name, { kind: "tenant" })`): its old epochs outlive a rotation, those of an environment do not.
 *
 * @throws TypeError for an option of a wrong type
 * @example
 * const users = encryptedTable("users", { email: encryptedColumn("email") })
 * const encryption = await Encryption({ schemas: [users], config: { keyset: { name: "tenant-initech" } } })
 * const sealed = unwrap(await encryption.encrypt("ada@example.com", { column: users.email, row: "u-1" }))
 * console.log(unwrap(await encryption.decrypt(sealed, { column: users.email, row: "u-1" }))) // prints ada@example.com
 * await encryption.close()
 */
export async function Encryption(options: EncryptionOptions): Promise<EncryptionClient> {
  return new EncryptionClient(options)
}
