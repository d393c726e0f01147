/** From what is to be written to what is written: compared with the environment, shown, asked, one commit. */
import { type Secret, type Secrets, unwrap } from "halfkey/secrets"
import type { Context } from "../context.ts"
import { usageError } from "../failure.ts"
import { requireConfirmation } from "../input/confirm.ts"
import { printRows } from "../output/formats.ts"
import { renderTable } from "../output/table.ts"
import { type Change, type ChangeKind, compareSecrets } from "./changes.ts"

/** Most changes of one commit. */
const changesMax = 500

export interface Transfer {
  /** Where to. */
  readonly environment: string
  readonly values: ReadonlyMap<string, Uint8Array>
  /** Delete what is there and not among the values. */
  readonly prune: boolean
  readonly dryRun: boolean
}

const words: Readonly<Record<ChangeKind, string>> = {
  added: "added",
  changed: "changed",
  removed: "deleted",
  same: "the same",
}

/**
 * Shows names, never values. What somebody else changed between the look and the commit is a conflict, and nothing is
 * written then.
 */
export async function applyChanges(context: Context, secrets: Secrets, transfer: Transfer): Promise<void> {
  const { dryRun, environment, prune, values } = transfer
  const found = unwrap(await secrets.readAll({ environment }))
  const there = new Map(found.map((secret) => [secret.name, secret]))
  const compared = compareSecrets(values, there).filter(({ kind }) => prune || kind !== "removed")
  for (const { value } of found) value.fill(0)
  if (dryRun) return await printChanges(context, compared)
  const changes = compared.filter(({ kind }) => kind !== "same")
  const same = compared.length - changes.length
  if (changes.length === 0) return context.note(`nothing to change in ${environment}: ${count(same)} the same`)
  if (changes.length > changesMax) throw tooMany(changes.length)
  showChanges(context, environment, changes, same)
  await requireConfirmation(
    context,
    `Make ${changeCount(changes)} in ${environment}?`,
    `${environment} was not changed`,
  )
  unwrap(await secrets.setMany(...commitOf(changes, transfer, there)))
  context.note(`${changeCount(changes)} in ${environment}, in one commit`)
}

/** Exactly what was seen is replaced: 0 stands for what was not there. */
function commitOf(
  changes: readonly Change[],
  { environment, values }: Transfer,
  there: ReadonlyMap<string, Secret>,
): Parameters<Secrets["setMany"]> {
  const removed = changes.filter(({ kind }) => kind === "removed").map(({ name }) => name)
  const entries = changes.flatMap(({ kind, name }): [string, Uint8Array][] => {
    const value = values.get(name)
    return kind === "removed" || value === undefined ? [] : [[name, value]]
  })
  const ifVersions = Object.fromEntries(changes.map(({ name }) => [name, there.get(name)?.version ?? 0]))
  return [new Map(entries), { environment, ifVersions, delete: removed }]
}

async function printChanges(context: Context, changes: readonly Change[]): Promise<void> {
  const columns = ["name", "change"].map((key) => ({ key, title: key.toUpperCase() }))
  await printRows(
    context,
    columns,
    changes.map(({ kind, name }) => ({ name, change: words[kind] })),
  )
}

/** With `-y` nobody is asked, so `-q` may silence it. */
function showChanges(context: Context, environment: string, changes: readonly Change[], same: number): void {
  if (context.options.yes && context.options.quiet) return
  const rows = [
    ...changes.map(({ kind, name }) => [words[kind], name]),
    ...(same > 0 ? [["the same", count(same)]] : []),
  ]
  const table = renderTable(rows).replace(/^/gm, "  ").trimEnd()
  context.streams.err(`halfkey: in ${environment}\n${table}\n`)
}

function changeCount({ length }: readonly Change[]): string {
  return length === 1 ? "1 change" : `${length} changes`
}

function count(secrets: number): string {
  return secrets === 1 ? "1 secret" : `${secrets} secrets`
}

function tooMany(length: number): Error {
  return usageError(
    `${length} changes at once, at most ${changesMax} are allowed: all of them are written, or none is`,
    "split the source into several, each below that",
  )
}
