/** A plan is shown, asked about, and written in one commit, over exactly what was seen. */
import { type Secrets, unwrap } from "halfkey/secrets"
import type { Context } from "../context.ts"
import { usageError } from "../failure.ts"
import { requireConfirmation } from "../input/confirm.ts"
import { printRows } from "../output/formats.ts"
import { renderTable } from "../output/table.ts"
import type { PlannedChange } from "./plan.ts"

/** Most changes of one commit. */
const changesMax = 500

const columns = [
  { key: "name", title: "NAME" },
  { key: "change", title: "CHANGE" },
  { key: "version", title: "VERSION" },
  { key: "restores", title: "RESTORES" },
  { key: "writtenAt", title: "WRITTEN" },
]

/** Names and versions on stdout, never values. */
export async function printPlan(context: Context, plan: readonly PlannedChange[]): Promise<void> {
  const rows = plan.map(({ kind, name, restores, version }) => ({
    name,
    change: kind,
    version,
    restores: restores?.version ?? null,
    writtenAt: restores?.writtenAt ?? null,
  }))
  await printRows(context, columns, rows)
}

/** Somebody else's change since the look is a conflict, and nothing is written then. `time`: as it is shown. */
export async function applyPlan(
  context: Context,
  secrets: Secrets,
  environment: string,
  time: string,
  plan: readonly PlannedChange[],
): Promise<void> {
  if (plan.length > changesMax) throw tooMany(plan)
  showPlan(context, environment, time, plan)
  const changes = plan.length === 1 ? "1 change" : `${plan.length} changes`
  await requireConfirmation(context, `Make ${changes} in ${environment}?`, `${environment} was not changed`)
  const values = plan.flatMap(({ name, restores }) => (restores === null ? [] : [[name, restores.value] as const]))
  const deletions = plan.flatMap(({ name, restores }) => (restores === null ? [name] : []))
  const ifVersions = Object.fromEntries(plan.map(({ name, version }) => [name, version]))
  unwrap(await secrets.setMany(new Map(values), { environment, ifVersions, delete: deletions }))
  context.note(`${environment} is as it was at ${time}: ${changes}, in one commit`)
}

/** With `-y` nobody is asked, so `-q` may silence it. */
function showPlan(context: Context, environment: string, time: string, plan: readonly PlannedChange[]): void {
  if (context.options.yes && context.options.quiet) return
  const rows = plan.map(({ kind, name, restores, version }) => [
    kind,
    name,
    restores === null ? `version ${version}: was not there` : `version ${version}: back to that of ${restores.version}`,
  ])
  const table = renderTable(rows).replace(/^/gm, "  ").trimEnd()
  context.streams.err(`halfkey: ${environment}, back to ${time}\n${table}\n`)
}

function tooMany({ length }: readonly PlannedChange[]): Error {
  return usageError(
    `${length} changes at once, at most ${changesMax} are allowed: all of them are written, or none is`,
    "name fewer secrets",
  )
}
