/** Who loses everything by a recovery, and who comes in their place: shown before anything is sealed or signed (S4). */
import type { RecoveryPlan } from "halfkey/admin"
import type { Streams } from "../streams.ts"
import { visible } from "./formats.ts"
import { renderTable } from "./table.ts"

/** Printed even with `-q`. */
export function showRecoveryPlan(
  streams: Streams,
  { admin, environments, granters, workspaceCRN }: RecoveryPlan,
): void {
  const rows = new Map<string, string[]>()
  for (const { clientId, label } of granters) rows.set(clientId, [visible(label), clientId, "granter"])
  for (const { members, name } of environments) {
    for (const { clientId, label } of members) {
      const row = rows.get(clientId) ?? [visible(label), clientId]
      rows.set(clientId, [...row.slice(0, 2), [...row.slice(2), name].join(", ")])
    }
  }
  const table = renderTable([...rows.values()])
    .replace(/^/gm, "  ")
    .trimEnd()
  const comes = `${visible(admin.label)}  ${admin.clientId}`
  streams.err(
    `halfkey: in ${workspaceCRN} these lose all access, as do every other client and API key\n${table}\n` +
      `halfkey: every environment is sealed to\n  ${comes}  (new)\n`,
  )
}
