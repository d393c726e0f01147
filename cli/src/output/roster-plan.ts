/** Who may sign who is a member, before a roster is signed that says so (S4). */
import type { RosterPlan } from "halfkey/admin"
import type { Streams } from "../streams.ts"
import { visible } from "./formats.ts"
import { renderTable } from "./table.ts"

/** Printed even with `-q`, and before anything is signed. */
export function showRosterPlan(streams: Streams, { granters, added, removed, signAgain }: RosterPlan): void {
  const rows = granters.map(({ clientId, label }) => {
    const leaves = clientId === removed?.clientId
    return [visible(label), clientId, ...(leaves ? ["(leaves)"] : [])]
  })
  if (added !== undefined) rows.push([visible(added.label), added.clientId, "(new)"])
  const table = renderTable(rows).replace(/^/gm, "  ").trimEnd()
  streams.err(`halfkey: who may sign who is a member\n${table}\n`)
  if (signAgain.length > 0) streams.err(`halfkey: signed again by you: ${signAgain.join(", ")}\n`)
}
