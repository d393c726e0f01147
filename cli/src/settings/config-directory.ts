/** Where this person's profiles, tokens and state are kept. */
import { homedir } from "node:os"
import { isAbsolute, join, resolve } from "node:path"
import type { Environment } from "../context.ts"

/** `HALFKEY_CONFIG_DIR`, else `$XDG_CONFIG_HOME/halfkey`, else `~/.config/halfkey`. */
export function configDirectory(env: Environment, cwd: string): string {
  const own = env["HALFKEY_CONFIG_DIR"]
  if (own) return resolve(cwd, own)
  const xdg = env["XDG_CONFIG_HOME"]
  // The XDG specification: relative paths are invalid and ignored.
  if (xdg && isAbsolute(xdg)) return join(xdg, "halfkey")
  return join(env["HOME"] || homedir(), ".config", "halfkey")
}
