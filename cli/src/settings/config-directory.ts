/** Where this person's profiles, tokens and state are kept. */
import { userInfo } from "node:os"
import { isAbsolute, join, resolve } from "node:path"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { Environment } from "../context.ts"

/** `HALFKEY_CONFIG_DIR`, else `$XDG_CONFIG_HOME/halfkey`, else `~/.config/halfkey`. Throws `missing_configuration`. */
export function configDirectory(env: Environment, cwd: string): string {
  const own = env["HALFKEY_CONFIG_DIR"]
  if (own) return resolve(cwd, own)
  const xdg = env["XDG_CONFIG_HOME"]
  // The XDG specification: relative paths are invalid and ignored.
  if (xdg && isAbsolute(xdg)) return join(xdg, "halfkey")
  return join(homeDirectory(env), ".config", "halfkey")
}

/** Never a relative one: whatever directory one stands in, somebody's repository for instance, would hold the keys. */
function homeDirectory(env: Environment): string {
  const home = env["HOME"] || homeOfAccount()
  if (home !== undefined && isAbsolute(home)) return home
  throw new HalfkeyError("missing_configuration", "this user has no home directory to keep profiles in", {
    hint: "HALFKEY_CONFIG_DIR=<a directory of your own> with the same command",
  })
}

/** `undefined` for a user that no file lists, as in containers. Not `homedir()`, which takes an empty HOME as it is. */
function homeOfAccount(): string | undefined {
  try {
    return userInfo().homedir
  } catch {
    return undefined
  }
}
