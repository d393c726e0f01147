/** The sealing rule made visible (S4): whom an environment's keys are about to be sealed to. */
import type { SealingPlan } from "halfkey/admin"
import type { Streams } from "../streams.ts"
import { visible } from "./formats.ts"
import { renderTable } from "./table.ts"

/** Printed even with `-q`, and before anything is sealed. */
export function showSealingPlan(streams: Streams, { environment, members, added }: SealingPlan): void {
  const isMember = members.some(({ clientId }) => clientId === added?.clientId)
  const rows = members.map(({ label, clientId, mode }) => {
    const becomes = clientId === added?.clientId && added.mode !== mode ? ` -> ${added.mode}` : ""
    return [visible(label), clientId, `${mode}${becomes}`]
  })
  if (added !== undefined && !isMember) rows.push([visible(added.label), added.clientId, added.mode, "(new)"])
  const table = renderTable(rows).replace(/^/gm, "  ").trimEnd()
  streams.err(`halfkey: the keys of ${environment} are sealed to\n${table}\n`)
}
