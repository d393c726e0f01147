/** Fields on their way: seal each under a key of its own, or open each at the one place where it opens. */
import { openRecord, sealRecord } from "@halfkey/core/client/record-crypto"
import type { VerifiedKeyset } from "@halfkey/core/client/verified-keyset"
import { HalfkeyError, keysetCheckFailed, recordCheckFailed } from "@halfkey/core/formats/errors"
import { type EncryptedPayload, encryptedPayload, recordOfPayload } from "@halfkey/core/formats/field-payload"
import { decodeFieldValue } from "@halfkey/core/formats/field-value"
import { parseRecord, type RecordHeader } from "@halfkey/core/formats/record"
import type { FieldContext } from "@halfkey/core/formats/record-context"
import { wipe } from "@halfkey/core/primitives/bytes"
import type { CallScope } from "../call-scope.ts"
import { type GeneratedKey, generateSeeds, retrieveSeeds, seedsPerRequest } from "../data-keys.ts"
import { usableKeyset } from "../keyset-fetch.ts"
import type { Session } from "../session.ts"
import type { TableColumn } from "./schema.ts"

/** Where a field is, checked. */
export interface CheckedPlace {
  readonly column: TableColumn<unknown>
  readonly row: FieldContext["row"]
}

export interface FieldToSeal extends CheckedPlace {
  /** Type byte and value; overwritten when it is sealed. */
  readonly plaintext: Uint8Array
}

export interface FieldToOpen extends CheckedPlace {
  readonly payload: unknown
}

interface ParsedField extends CheckedPlace {
  readonly record: Uint8Array
  readonly header: RecordHeader
}

/** About ten milliseconds of work, after which other work of the program has its turn. */
const fieldsPerTurn = 500

/** Seals any number of fields, in their order: one request per `seedsPerRequest`, and a seed for each. */
export async function sealFields(
  session: Session,
  scope: CallScope,
  keysetReference: string,
  fields: readonly FieldToSeal[],
): Promise<EncryptedPayload[]> {
  const payloads: EncryptedPayload[] = []
  try {
    for (const slice of sliced(fields, seedsPerRequest)) {
      const { keys, keyset } = await keysToSeal(session, scope, keysetReference, slice.length)
      for (const [index, field] of slice.entries()) {
        if (index > 0 && index % fieldsPerTurn === 0) await scope.wait(0)
        payloads.push(encryptedPayload(sealOne(session, keyset, field, keys[index])))
      }
      wipe(...keys.map(({ keySeed }) => keySeed))
    }
  } finally {
    wipe(...fields.map(({ plaintext }) => plaintext))
  }
  return payloads
}

/** Fresh keys, and the key set to seal under. A newer epoch makes it fetch the documents once more. */
async function keysToSeal(
  session: Session,
  scope: CallScope,
  reference: string,
  count: number,
): Promise<{ keyset: VerifiedKeyset; keys: readonly GeneratedKey[] }> {
  for (let refetch = false; ; refetch = true) {
    const keyset = await usableKeyset(session, scope, reference, refetch)
    requireTenant(keyset)
    const { epoch, keys } = await generateSeeds(session, scope, keyset.keysetId, count)
    if (epoch === keyset.sealingEpoch) return { keyset, keys }
    if (!refetch) continue
    throw keysetCheckFailed(
      "epoch",
      `the server asks to seal under epoch ${epoch}, the signed manifest's newest is ${keyset.sealingEpoch}`,
    )
  }
}

/** Rotating an environment destroys its old keys once no secret needs them: fields would be lost with them. */
function requireTenant({ manifest, name }: VerifiedKeyset): void {
  if (manifest.kind === "tenant") return
  throw new HalfkeyError(
    "invalid_argument",
    `${name} is an environment: fields sealed under it would be lost when it is rotated`,
    {
      hint: `a granter makes a key set for fields: admin.environments.create(NAME, { kind: "tenant" }) of halfkey/admin`,
    },
  )
}

function sealOne(session: Session, keyset: VerifiedKeyset, field: FieldToSeal, key: GeneratedKey | undefined) {
  if (key === undefined) throw new HalfkeyError("encryption_failed", "the server sent no key for a field")
  return sealRecord({
    context: contextOf(keyset, field),
    clientHalf: keyset.extractKey(keyset.sealingEpoch),
    ...key,
    epoch: keyset.sealingEpoch,
    plaintext: field.plaintext,
    random32: session.random(32),
  })
}

/** Opens any number of fields, in their order: all, or none. Seeds are asked for once, and kept by nobody. */
export async function openFields(
  session: Session,
  scope: CallScope,
  keysetReference: string,
  fields: readonly FieldToOpen[],
): Promise<unknown[]> {
  const values: unknown[] = []
  // Before anything is asked: a row of another tenant, or what is no payload, is nothing that a server has to hear of.
  const parsed = fields.map((field, index) => ofField(field, fields.length, index, () => parsedField(field)))
  for (const slice of sliced(parsed, seedsPerRequest)) {
    const place = (index: number) => [fields.length, values.length + index] as const
    const { keyset, seeds } = await seedsToOpen(session, scope, keysetReference, slice, (known) => {
      for (const [index, field] of slice.entries()) {
        ofField(field, ...place(index), () => requireKeyset(known, field.header))
      }
    })
    const opened: unknown[] = []
    try {
      for (const [index, field] of slice.entries()) {
        if (index > 0 && index % fieldsPerTurn === 0) await scope.wait(0)
        opened.push(ofField(field, ...place(index), () => openOne(keyset, field, seeds[index] ?? new Uint8Array(0))))
      }
    } finally {
      wipe(...seeds)
    }
    for (const value of opened) values.push(value)
  }
  return values
}

function parsedField({ column, payload, row }: FieldToOpen): ParsedField {
  const record = recordOfPayload(payload)
  return { column, row, record, header: parseRecord(record).header }
}

/** The key set, checked to be that of the fields, and their seeds. A rotation that this client has not seen makes it look again. */
async function seedsToOpen(
  session: Session,
  scope: CallScope,
  reference: string,
  fields: readonly ParsedField[],
  requireOf: (keyset: VerifiedKeyset) => void,
): Promise<{ keyset: VerifiedKeyset; seeds: readonly Uint8Array[] }> {
  const headers = fields.map(({ header }) => header)
  for (let refetch = false; ; refetch = true) {
    const keyset = await keysetToOpen(session, scope, reference, fields, refetch)
    requireOf(keyset)
    try {
      return { keyset, seeds: await retrieveSeeds(session, scope, keyset.keysetId, headers) }
    } catch (error) {
      if (refetch || !(error instanceof HalfkeyError) || error.code !== "epoch_changed") throw error
    }
  }
}

/** A record of an unknown epoch may come from a newer manifest: it is fetched once. */
async function keysetToOpen(
  session: Session,
  scope: CallScope,
  reference: string,
  fields: readonly ParsedField[],
  refetch: boolean,
): Promise<VerifiedKeyset> {
  const keyset = await usableKeyset(session, scope, reference, refetch)
  const isNewer = fields.some(({ header }) => header.keysetId === keyset.keysetId && !isLive(keyset, header))
  return isNewer ? await usableKeyset(session, scope, reference, true) : keyset
}

/** In the order of S7: the epoch, then the key set. */
function requireKeyset(keyset: VerifiedKeyset, header: RecordHeader): void {
  if (!isLive(keyset, header)) keyset.extractKey(header.epoch)
  if (header.keysetId !== keyset.keysetId) throw recordCheckFailed("key set", "it was sealed under another key set")
}

function isLive({ manifest }: VerifiedKeyset, { epoch }: RecordHeader): boolean {
  return manifest.epochs.some((live) => live.epoch === epoch)
}

function openOne(keyset: VerifiedKeyset, field: ParsedField, keySeed: Uint8Array): unknown {
  const clientHalf = keyset.extractKey(field.header.epoch)
  const opened = openRecord(field.record, contextOf(keyset, field), { clientHalf, keySeed })
  try {
    return decodeFieldValue(field.column.type, opened)
  } finally {
    wipe(opened)
  }
}

function contextOf({ keysetId, workspaceId }: VerifiedKeyset, { column, row }: CheckedPlace): FieldContext {
  return { purpose: "field", workspaceId, keysetId, table: column.table, column: column.name, row }
}

/** Tells of which field a check failed: its column and, of several, its place in the list. The row may say too much. */
function ofField<T>({ column }: CheckedPlace, count: number, index: number, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof HalfkeyError) || error.check === undefined) throw error
    const { check, message } = error
    const why =
      check === "commit"
        ? "it was not sealed for this table, column and row, or its bytes or seed were changed"
        : message.replace(/^check "[a-z ]+" failed: /, "")
    throw new HalfkeyError(error.code, `check "${check}" failed for ${column.table}.${column.name}: ${why}`, {
      check,
      hint:
        check === "key set"
          ? "decrypt it with the key set that it was encrypted with: the row is of another tenant, or was moved"
          : "it is not what a member encrypted for this place: restore it, and find out who changed or moved it",
      facts: { table: column.table, column: column.name, ...(count > 1 && { index }) },
    })
  }
}

function sliced<T>(items: readonly T[], length: number): T[][] {
  const slices: T[][] = []
  for (let start = 0; start < items.length; start += length) slices.push(items.slice(start, start + length))
  return slices
}
