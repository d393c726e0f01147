/** The encrypted fields of models, each with the copy that it goes back into. */
import { unboundRow } from "@halfkey/core/formats/record-context"
import { wrongType } from "../argument-types.ts"
import { checkedList, checkedModel, checkedRow, checkedTable } from "./arguments.ts"
import type { CheckedPlace, FieldToOpen } from "./fields.ts"

export type FieldWithValue = CheckedPlace & { readonly value: unknown }

/** A field of a model, to be sealed or opened. */
type PlacedField = FieldWithValue & FieldToOpen & { readonly copy: Record<string, unknown>; readonly key: string }

/** Copies of models, and every field of them that is to be encrypted and is there. */
export function placedFields(
  columns: ReadonlySet<unknown>,
  models: readonly unknown[],
  table: unknown,
  rowOf: (model: never) => unknown,
): { readonly copies: readonly object[]; readonly fields: readonly PlacedField[] } {
  const encrypted = checkedTable(columns, table)
  const copies = checkedList(models, "models").map((model) => ({ ...checkedModel(model) }))
  const fields = copies.flatMap((copy, index) => {
    const row: CheckedPlace["row"] = checkedRow(rowOf(models[index] as never))
    const present = encrypted.filter(([key]) => copy[key] !== undefined)
    return present.map(([key, column]): PlacedField => {
      return { column, row, copy, key, value: copy[key], payload: copy[key] }
    })
  })
  return { copies, fields }
}

/** What gives the row of each model. */
export function rowReader(row: unknown): (model: never) => unknown {
  if (row === unboundRow) return () => unboundRow
  if (typeof row === "function") return row as (model: never) => unknown
  throw wrongType("row", "a function that gives the row of a model, or UNBOUND", row)
}

/** Results in the places of those that had one to come, null in the others. */
export function spread<T>(fields: readonly T[], isNull: (field: T) => boolean, results: readonly unknown[]): unknown[] {
  let next = 0
  return fields.map((field) => (isNull(field) ? null : results[next++]))
}
