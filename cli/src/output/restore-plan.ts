/** What accepting a restore signs, before it does (S4, S10): whom it lets in, whom it leaves out, and from which version on. */
import type { PlannedEnvironment, RestorePlan } from "halfkey/admin"
import type { Streams } from "../streams.ts"
import { visible } from "./formats.ts"
import { renderTable } from "./table.ts"

/** Printed even with `-q`. */
export function showRestorePlan(streams: Streams, { environments, rosters }: RestorePlan): void {
  if (rosters.length > 0) streams.err(`halfkey: uploaded as they were signed: roster ${rosters.join(", ")}\n`)
  for (const environment of environments) streams.err(environmentText(environment))
}

function environmentText(planned: PlannedEnvironment): string {
  const { environment, incarnation, madeAgain, members, newEpoch, notLetIn, staysOut, state, versionFloor } = planned
  const what = madeAgain ? "made again, empty," : "accepted as it is there,"
  const rows = [
    ...members.map(({ again, clientId, label, mode }) => [
      visible(label),
      clientId,
      mode,
      ...(again ? ["(again)"] : []),
    ]),
    ...staysOut.map(({ clientId, label }) => [visible(label), clientId, "stays out"]),
    ...notLetIn.map(({ clientId, label, why }) => [
      visible(label),
      clientId,
      why === "not-registered"
        ? "not let in: its registration is lost, create it anew"
        : "not let in: you hold no half to seal; grant it later",
    ]),
  ]
  const table = renderTable(rows).replace(/^/gm, "  ").trimEnd()
  const shut = state === "enabled" ? "" : `halfkey: ${environment} stays ${state}\n`
  const keys =
    newEpoch === null || madeAgain
      ? ""
      : `halfkey: ${environment} gets new keys (epoch ${newEpoch}), since those after the backup are lost\n`
  return `halfkey: ${environment} is ${what} as incarnation ${incarnation}; versions go on above ${versionFloor}; its members are\n${table}\n${shut}${keys}`
}
