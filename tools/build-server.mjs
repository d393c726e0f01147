// Bundles the server into server/dist when a source is newer: sources that are stripped of their types at every start
// take twice the memory, in the program and again in its writer's thread.
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { buildWhenNeeded } from "./bundle-output.mjs"

const root = fileURLToPath(new URL("..", import.meta.url))
/** The thread is started by its name beside the program. */
const entries = {
  "halfkey-server": join(root, "server/src/main.ts"),
  "writer-worker": join(root, "server/src/store/sqlite/writer-worker.ts"),
}

async function build() {
  const esbuild = await import("esbuild")
  const { outputFiles } = await esbuild.build({
    entryPoints: entries,
    outdir: root,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node22",
    minifySyntax: true,
    // The text of a program stays in memory as long as it runs.
    minifyWhitespace: true,
    legalComments: "none",
    chunkNames: "[name]-[hash]",
    // It has a native part.
    external: ["better-sqlite3"],
    // Packages in CommonJS call require(), which ES modules do not have.
    banner: {
      js: 'import { createRequire as createRequireForBundle } from "node:module"\nconst require = createRequireForBundle(import.meta.url)',
    },
    absWorkingDir: root,
    logLevel: "error",
    write: false,
  })
  return outputFiles
}

/** Builds when needed. Needs the installed packages. */
export async function buildServer() {
  const sources = ["core/src", "server/src", "server/package.json", "tools/build-server.mjs"]
  await buildWhenNeeded({ dist: "server/dist", sources, build })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildServer()
