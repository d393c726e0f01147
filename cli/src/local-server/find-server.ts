/** Where the server's program is: in the same repository, or installed beside the CLI. */
import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { HalfkeyError } from "@halfkey/core/formats/errors"

const program = "bin/halfkey-server.js"
/** The server uses a database library that crashes on older ones. */
const oldestNode = 22

/** Path of `halfkey-server`. Throws `missing_configuration` where it is not installed or this Node is too old for it. */
export function findServer(nodeVersion = process.versions.node): string {
  if (Number.parseInt(nodeVersion, 10) < oldestNode) {
    throw new HalfkeyError(
      "missing_configuration",
      `the server needs Node ${oldestNode} or newer, this is ${nodeVersion}`,
      {
        hint: `the same with Node ${oldestNode} or newer\nnpm start   (in a clone of the repository: it brings its own runtime)`,
      },
    )
  }
  for (const path of candidates()) if (existsSync(path)) return path
  throw new HalfkeyError("missing_configuration", "the server is not installed beside this command", {
    hint: "npm install @halfkey/server",
  })
}

/** An installed package is no dependency of this one: who only uses a server elsewhere needs no database library. */
function* candidates(): Generator<string> {
  const installed = createRequire(import.meta.url)
  try {
    yield join(dirname(installed.resolve("@halfkey/server/package.json")), program)
  } catch {
    // Not installed as a package.
  }
  // In a clone: the bundle and this source lie two folders below the package.
  yield fileURLToPath(new URL(`../../../server/${program}`, import.meta.url))
}
