/** The same secrets as dotenvx keeps them: encrypted in a `.env` file, with the key in a file beside it. */
import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { FreshProcess } from "./fresh-process.ts"
import { temporaryDirectory } from "./leftovers.ts"

const dotenvx = join(import.meta.dirname, "../tests/peers/node_modules/@dotenvx/dotenvx/src/cli/dotenvx.js")

/** `dotenvx run -- true` in a directory of its own. Throws when dotenvx is not there, or does not give what was stored. */
export function encryptedDotenv(
  entries: Readonly<Record<string, string>>,
  path: string | undefined,
): { readonly run: FreshProcess; readonly runWithCompileCache: FreshProcess } {
  const cwd = temporaryDirectory()
  const env = { PATH: path, HOME: cwd }
  const file = join(cwd, ".env")
  writeFileSync(
    file,
    Object.entries(entries)
      .map(([name, value]) => `${name}="${value}"\n`)
      .join(""),
  )
  execFileSync(process.execPath, [dotenvx, "encrypt"], { cwd, env, stdio: "ignore" })
  const [[name, value] = ["", ""]] = Object.entries(entries)
  if (readFileSync(file, "utf8").includes(value)) throw new Error("dotenvx left a value in the clear")
  const show = [dotenvx, "run", "--quiet", "--", process.execPath, "-p", `process.env[${JSON.stringify(name)}]`]
  const given = execFileSync(process.execPath, show, {
    cwd,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  })
  if (!given.includes(value)) throw new Error("dotenvx gives another value than was stored")
  const run = { parameters: [dotenvx, "run", "--quiet", "--", "true"], env, cwd }
  // As somebody would have it who wants it fast: Node keeps what it compiled of it.
  return { run, runWithCompileCache: { ...run, env: { ...env, NODE_COMPILE_CACHE: join(cwd, "compiled") } } }
}
