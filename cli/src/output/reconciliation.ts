/** What the server went back on, one line each: what this machine has seen, what is there, and what can be done. */
import type { ComparedEnvironment, ComparedSecret, Reconciliation } from "halfkey/admin"
import type { Column, Row } from "./formats.ts"

export const differenceColumns: readonly Column[] = [
  { key: "environment", title: "ENVIRONMENT" },
  { key: "what", title: "WHAT" },
  { key: "name", title: "NAME" },
  { key: "here", title: "SEEN HERE" },
  { key: "there", title: "ON THE SERVER" },
  { key: "remedy", title: "REMEDY" },
]

const accept = "restore accept"

/** Rows in the order in which they would be healed. None: nothing differs. */
export function differenceRows({ environments, roster }: Reconciliation): Row[] {
  const rows: Row[] = []
  if (roster !== null && roster.standing !== "current") {
    const { canUpload, here, there } = roster
    const uploads = canUpload.length > 0 ? `${accept}, or --apply, uploads ${canUpload.join(", ")}` : "not kept here"
    const remedy = roster.standing === "parted" ? "halfkey recover, with the kit" : uploads
    rows.push({ environment: "", what: "roster", name: "", here, there, remedy })
  }
  return [...rows, ...environments.flatMap(environmentRows)]
}

function environmentRows(compared: ComparedEnvironment): Row[] {
  const { documentKept, environment, lostEpoch, members, refused, secrets, secretsUnknown, standing, state } = compared
  const row = (what: string, name: string, here: string, there: string, remedy: string): Row => ({
    environment,
    what,
    name,
    here,
    there,
    remedy,
  })
  const rows: Row[] = []
  if (standing !== "current") {
    const { here, there } = compared
    const remedy = !documentKept ? `${accept}, on a machine that keeps its members` : accept
    rows.push(row("manifest", standing, place(here), place(there), remedy))
  }
  if (standing !== "current" && documentKept && state.there !== null && state.here !== state.there) {
    rows.push(row("state", "", state.here ?? "", state.there, `${accept}: ${state.here}`))
  }
  for (const { clientId, here, label, there } of members) {
    const remedy =
      here === null ? "stays out" : there === null ? `${accept} lets it in again, if it can` : `${accept}: ${here}`
    rows.push(row("member", `${label} ${clientId}`, here ?? "no member", there ?? "no member", remedy))
  }
  if (lostEpoch !== null) {
    rows.push(row("keys", "", `epoch ${lostEpoch}`, "lost", `${accept} begins new ones`))
  }
  for (const secret of secrets) {
    rows.push(
      row(
        "secret",
        secret.name,
        version(secret.here, secret.deletedHere),
        version(secret.there, secret.deletedThere),
        remedyOf(secret, refused),
      ),
    )
  }
  if (secretsUnknown !== null && standing !== "current") {
    rows.push(row("secrets", "", "", "unknown", `this client may not look (${secretsUnknown})`))
  }
  return rows
}

function place(document: ComparedEnvironment["here"]): string {
  if (document === null) return "not there"
  const incarnation = document.incarnation > 1 ? ` of incarnation ${document.incarnation}` : ""
  return `revision ${document.revision}${incarnation}`
}

function version(number: number, deleted: boolean): string {
  if (number === 0) return "not there"
  return `version ${number}${deleted ? " (deleted)" : ""}`
}

function remedyOf({ remedy }: ComparedSecret, refused: boolean): string {
  if (remedy === "lost-keys") return "lost: sealed under keys that are in no backup"
  if (remedy === "not-kept") return "lost: its record is not kept here"
  if (remedy === "none") return `${accept}, and no more: it is deleted anyway`
  const what = remedy === "delete" ? "--apply deletes it again" : "--apply writes it again"
  return refused ? `${accept}, then ${what}` : what
}
