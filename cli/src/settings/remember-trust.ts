/** Changes of `trust.json`: apart from its reading, which `run` does. */
import { underLock } from "../storage/file-lock.ts"
import { ensurePrivateDirectory, writePrivateFile } from "../storage/private-files.ts"
import { findTrust, loadTrust, type TrustedEndpoint, trustPath } from "./trust.ts"

/** Durable once it returns. */
export function rememberTrust(configDirectory: string, entry: TrustedEndpoint): void {
  change(configDirectory, (entries) =>
    findTrust(entries, entry.workspaceCRN, entry.origin) === undefined ? [...entries, entry] : entries,
  )
}

/** Withdraws what `matches`, and returns it. */
export function withdrawTrust(
  configDirectory: string,
  matches: (entry: TrustedEndpoint) => boolean,
): readonly TrustedEndpoint[] {
  let withdrawn: readonly TrustedEndpoint[] = []
  change(configDirectory, (entries) => {
    withdrawn = entries.filter(matches)
    return entries.filter((entry) => !matches(entry))
  })
  return withdrawn
}

/** Two commands may be answered at once: neither loses the other's answer. */
function change(
  configDirectory: string,
  changed: (entries: readonly TrustedEndpoint[]) => readonly TrustedEndpoint[],
): void {
  ensurePrivateDirectory(configDirectory)
  const path = trustPath(configDirectory)
  underLock(`${path}.lock`, () => {
    writePrivateFile(path, `${JSON.stringify(changed(loadTrust(configDirectory)), undefined, 2)}\n`)
  })
}
