/** Servers on this machine, which whoever types a command can start. */

/** @param hostname as `URL` spells it */
export function isLocalHost(hostname: string): boolean {
  return ["127.0.0.1", "localhost", "[::1]"].includes(hostname)
}

/** What to type where nothing listens. */
export const startServerHint = "halfkey up   (in the directory where it was first started: its data is there)"
