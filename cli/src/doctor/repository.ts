/** What the repository says: its halfkey.json, which versions it demands, which revisions it pins. */
import type { Context } from "../context.ts"
import { findDemands } from "../demands/demands.ts"
import { findHalfkeyFile } from "../settings/halfkey-file.ts"
import { loadFreshness } from "../storage/freshness-file.ts"
import { type Finding, fail, failed, ok, warn } from "./finding.ts"

export function checkRepository({ cwd }: Context): Finding[] {
  const check = "halfkey.json"
  const ignored: string[] = []
  try {
    const path = findHalfkeyFile(cwd, (each) => ignored.push(each))?.path
    const planted = ignored.map((each) =>
      warn(check, `${each} is not read: another user put it into a directory of everybody`, `ls -l ${each}`),
    )
    return [...planted, ok(check, path ?? "none, none needed"), ...checkDemands(cwd)]
  } catch (error) {
    return [failed(check, error)]
  }
}

function checkDemands(cwd: string): Finding[] {
  return findDemands(cwd).flatMap(({ by, found, part, range, state }) => {
    const check = `requires ${part}`
    if (state === "ok") return [ok(check, `${found} is in ${range} of ${by}`)]
    if (state === "cannot be compared") return []
    return [fail(check, `${found ?? "nothing installed"} is not in ${range} of ${by}`, "halfkey version --check", 2)]
  })
}

/** Behind the checks of the environments: by then this machine has seen what there is. */
export function checkPins(context: Context): Finding[] {
  const check = "pins"
  try {
    const { minimumRevision } = context.settings()
    if (minimumRevision === undefined) return []
    const { keysets = {} } = loadFreshness(context.configDirectory, context.connection().workspaceId)
    return Object.entries(minimumRevision.value).map(([environment, pinned]) => {
      const named = Object.entries(keysets).find(([id, { name }]) => id === environment || name === environment)
      const seen = named?.[1].revision
      const text = `${minimumRevision.from} asks for revision ${pinned} of ${environment}`
      if (seen === undefined) return warn(check, `${text}, of which nothing was seen`, "halfkey environments list")
      if (seen >= pinned) return ok(check, `${text}; ${seen} was seen`)
      return fail(
        check,
        `${text}; only ${seen} was seen`,
        "correct the file, or `halfkey reconcile` if a backup was restored",
        7,
      )
    })
  } catch {
    // What is wrong with the settings or the state is told by their own checks.
    return []
  }
}
