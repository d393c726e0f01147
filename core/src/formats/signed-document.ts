/** What rosters and manifests have in common (S4): one encoding that is hashed and signed, and a signature. */
import { ed25519SignatureLength, type SigningKey, verifyStrict } from "../primitives/ed25519.ts"
import { sha256 } from "../primitives/hash.ts"
import { bytesField, type FieldsOf, fieldsToJson, fieldsToPae, parseFields } from "./field-codecs.ts"
import { pae } from "./pae.ts"

const signatureField = bytesField(ed25519SignatureLength)

/** A document with its signature (64 bytes). */
export type Signed<Fields> = Fields & { readonly signature: Uint8Array }

export interface DocumentFormat<Fields> {
  /** Reads JSON strictly. Throws `invalid_document` naming the field. */
  parse(json: unknown): Signed<Fields>
  toJson(document: Signed<Fields>): Record<string, unknown>
  /** `H(pae(label, every field but signature))`, 32 bytes (S4). */
  hash(document: Fields): Uint8Array
  /** Signs; throws `invalid_document` for fields that no reader would accept. */
  sign(fields: Fields, key: SigningKey): Signed<Fields>
  /** Whether `signerPk` (32 bytes) signed exactly this document. Says nothing about who may sign. */
  isSignedBy(document: Signed<Fields>, signerPk: Uint8Array): boolean
}

/** Defines a document: its label, and its fields in the order of the specification. */
export function documentFormat<Codecs extends object>(label: string, codecs: Codecs): DocumentFormat<FieldsOf<Codecs>> {
  type Fields = FieldsOf<Codecs>
  const withSignature = { ...codecs, signature: signatureField }
  const encode = (fields: Fields) => pae(label, ...fieldsToPae(codecs, fields))
  const parse = (json: unknown) => parseFields(withSignature, json, label) as Signed<Fields>
  const toJson = (document: Signed<Fields>) => ({
    ...fieldsToJson(codecs, document),
    signature: signatureField.toJson(document.signature),
  })
  return {
    parse,
    toJson,
    hash: (document) => sha256(encode(document)),
    // What is signed is read back first: a list out of order or a bad label must not become a link of a chain.
    sign: (fields, key) => parse(toJson({ ...fields, signature: key.sign(encode(fields)) })),
    isSignedBy: (document, signerPk) => verifyStrict(signerPk, encode(document), document.signature),
  }
}
